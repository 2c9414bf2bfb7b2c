"""Real clusters on this machine: one of two workers for most tests, others for what would break it."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from mibench.errors import InputError
from mibench.running.ray_engine import DEATHS, IN_FLIGHT, RayEngine, _shares
from tests.builders import make_data
from tests.cli.program import mibench
from tests.running.slow_adapter import Program, install, read_log

ROWS, BATCH, TASKS = 8, 10, ("nlvr", "text_vqa")
AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Helpers of Ray that outlive the node by a minute: so long they try to tell of its end."""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def ray_node(folder, paths, *words):
    """Start a Ray node in a folder of its own, as somebody else would, and end it."""
    folder.mkdir()
    log, ports = folder / "log", ["--node-ip-address=127.0.0.1", f"--dashboard-agent-listen-port={free_port()}"]
    command = [Path(sys.executable).with_name("ray"), "start", "--block", *ports, *words]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    del environment["OMP_NUM_THREADS"]
    with log.open("wb") as file:
        settings = {"cwd": folder, "env": environment, "stdout": file, "stderr": file}
        process = subprocess.Popen(command, **settings)
        try:
            while b"Ray runtime started" not in log.read_bytes():
                assert process.poll() is None, log.read_text()
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait()


@contextmanager
def ray_head(folder, paths, *words):
    """Start a cluster, give its address, and see that it is still there in the end."""
    port = free_port()
    ports = ["--head", f"--port={port}", "--include-dashboard=false"]
    if find_spec("grpc"):
        ports.append(f"--ray-client-server-port={free_port()}")  # Ray's own client would take the same port for all
    with ray_node(folder, paths, *ports, *words) as process:
        yield f"127.0.0.1:{port}"
        assert process.poll() is None, "mibench ended a cluster that it had not started"


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Make the adapter known to this process, and return where others find it; Ray is not imported before."""
    with pytest.MonkeyPatch.context() as patch:
        paths = install(tmp_path_factory.mktemp("adapter") / "installed")
        for path in paths:
            patch.syspath_prepend(path)
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        pytest.importorskip("ray", reason="Ray is not installed")
        yield paths


@pytest.fixture(scope="module")
def cluster(paths, tmp_path_factory):
    """The address of a cluster with two cores."""
    with ray_head(tmp_path_factory.mktemp("cluster") / "head", paths, "--num-cpus=2") as address:
        yield address


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), ROWS, TASKS)


@pytest.fixture
def words(data):
    return ["--tasks", ",".join(TASKS), "--data", data.path, "--batch-size", BATCH]


@pytest.fixture
def run(paths, words, request):
    """Return a function that runs in this process, on the cluster where there are workers."""

    def run(output, *more, status=0, workers=2, address=None, **arguments):
        told = ",".join(f"{key}={value}" for key, value in arguments.items())
        if workers:
            more += "--engine", "ray", "--workers", workers
            more += "--address", address or request.getfixturevalue("cluster")
        return mibench("run", "--model", "slow", "--model-args", told, *words, "--output", output, *more, status=status)

    return run


@pytest.fixture
def program(tmp_path, words):
    """Starts `mibench run` on a cluster of its own, in a process of its own."""
    return Program(tmp_path / "installed", *words, "--engine", "ray", "--workers", 2)


def outcome(folder):
    return {path.name: path.read_bytes() for path in [*folder.glob("predictions/*"), folder / "scores.json"]}


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def descendants(pid):
    """Return the processes below one, by number, with their commands."""
    told = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in told.splitlines()[1:]]
    below = {int(child): command for child, parent, command in rows if int(parent) == pid}
    return below | {key: value for child in below for key, value in descendants(child).items()}


def runs(pid):
    """Tell whether a process runs; one that is dead and only not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("workers", [1, 2])
def test_the_answers_are_those_of_one_process(run, tmp_path, workers):
    run(tmp_path / "local", workers=None)
    run(tmp_path / "ray", workers=workers, log=tmp_path / "log", seconds=0.02)
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")
    told = read_log(tmp_path / "log")
    assert 1 <= len({batch["pid"] for batch in told}) <= workers
    assert all(len(set(batch["pictures"])) == 1 for batch in told if batch["task"] == "nlvr")
    (session,) = json.loads((tmp_path / "ray" / "run.json").read_bytes())["sessions"]
    assert (session["engine"], session["usage"]) == (f"ray, {workers} workers", {"rows": 2 * 5 * ROWS})


@pytest.mark.parametrize("arguments", [{"fails": 5}, {"path": "/nowhere"}, {"unknown": "yes"}], ids=str)
def test_an_error_of_the_adapter_is_told_as_by_one_process(run, tmp_path, arguments):
    local = run(tmp_path / "local", workers=None, status=2, **arguments)
    remote = run(tmp_path / "ray", workers=1, status=2, **arguments)
    assert remote.stderr == local.stderr
    assert remote.stderr.count("\n") == 1


@pytest.mark.slow
def test_an_error_that_no_adapter_should_have_keeps_its_kind(paths, cluster):
    with pytest.raises(RuntimeError, match=r"^out of luck$"):
        RayEngine("slow", {"breaks": "out of luck"}, workers=1, address=cluster)
    assert not sys.modules["ray"].is_initialized()


@pytest.mark.slow
def test_failures_are_recorded(run, tmp_path):
    settings = {"status": 1, "fails": 5}
    run(tmp_path / "local", "--on-error", "record", workers=None, **settings)
    run(tmp_path / "ray", "--on-error", "record", **settings)
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")


def test_a_worker_that_dies_is_started_anew(run, tmp_path):
    run(tmp_path / "local", workers=None)
    result = run(tmp_path / "ray", kills="row-3", once=tmp_path / "once", log=tmp_path / "log")
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")
    assert (tmp_path / "once").exists()
    assert result.stderr.startswith("a worker died and is started anew: ")
    assert "worker died" not in result.stdout
    rows = Counter(row for batch in read_log(tmp_path / "log") for row in batch["rows"] if batch["task"] == "nlvr")
    assert 0 < sum(rows.values()) - len(rows) <= IN_FLIGHT * BATCH


@pytest.mark.slow
def test_a_batch_that_kills_every_worker_ends_the_run(run, tmp_path):
    result = run(tmp_path / "out", status=2, workers=1, kills="row-3", log=tmp_path / "log")
    said = result.stderr.splitlines()[-1]
    assert said.startswith(f"error: {DEATHS} workers died over one batch of {BATCH}, from instance 'row-2' of nlvr: ")
    assert "smaller --batch-size or fewer --workers" in said
    asked = sum("row-3/1" in batch["rows"] for batch in read_log(tmp_path / "log"))
    assert (
        DEATHS <= asked <= DEATHS + 1
    )  # the answer before may die with the worker, and then that batch is the suspect


@pytest.mark.slow
def test_one_worker_that_lives_is_enough(run, tmp_path):
    run(tmp_path / "local", workers=None)
    result = run(tmp_path / "ray", only=tmp_path / "only", seconds=0.5, log=tmp_path / "log")
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")
    assert len({batch["pid"] for batch in read_log(tmp_path / "log")}) == 1
    assert f"a worker died {DEATHS} times in a row; going on with 1" in result.stderr


@pytest.mark.slow
def test_workers_that_all_die_end_the_run(run, tmp_path):
    (tmp_path / "only").touch()
    result = run(tmp_path / "out", status=2, only=tmp_path / "only")
    assert result.stderr.splitlines()[-1].startswith(f"error: all workers died, {DEATHS} times in a row: ")


def test_more_workers_than_cores_are_refused(paths, cluster):
    with pytest.raises(InputError, match=r"3 workers, and Ray has 2 cores .--workers 2 or fewer"):
        RayEngine("slow", {}, workers=3, address=cluster)
    assert not sys.modules["ray"].is_initialized()


@pytest.mark.parametrize("address", ["127.0.0.1:PORT", "nowhere.invalid:6379", "garbage"])
def test_a_cluster_that_is_not_there_is_soon_told(paths, address):
    begun = time.monotonic()
    with pytest.raises(InputError, match="no Ray cluster at"):
        RayEngine("slow", {}, address=address.replace("PORT", str(free_port())))
    assert time.monotonic() - begun < 15


def test_ctrl_c_collects_what_is_in_flight(run, program, cluster, tmp_path):
    settings = {"seconds": 0.4, "log": tmp_path / "log"}
    with program.start(tmp_path / "out", "--address", cluster, **settings) as process:
        wait_for(lambda: len(read_log(tmp_path / "log")) > 2)
        process.send_signal(signal.SIGINT)
        errors = process.communicate()[1]
    assert process.returncode == 130, errors
    workers = {batch["pid"] for batch in read_log(tmp_path / "log")}
    wait_for(lambda: not any(map(runs, workers)), 10)
    run(tmp_path / "out", workers=None, log=tmp_path / "log")
    run(tmp_path / "whole", workers=None)
    assert outcome(tmp_path / "out") == outcome(tmp_path / "whole")
    rows = [(batch["task"], row) for batch in read_log(tmp_path / "log") for row in batch["rows"]]
    assert len(rows) == len(set(rows)) == 2 * 5 * ROWS


@pytest.mark.slow
def test_by_default_ray_starts_on_this_machine_and_ends_with_the_run(program, data, tmp_path):
    program.environment |= {"SLOW_API_KEY": "open-sesame"}
    (program.folder / "here").symlink_to(data.path)
    with program.start(tmp_path / "out", "--data", "here", path="here", log=tmp_path / "log", seconds=0.1) as process:
        wait_for(lambda: read_log(tmp_path / "log"))
        below = descendants(process.pid)
        printed, errors = process.communicate()
    assert process.returncode == 0, errors
    assert (printed.splitlines()[0], errors) == ("Scores, 0 to 100", f"submission: {tmp_path / 'out'}\n")
    assert {batch["threads"] for batch in read_log(tmp_path / "log")} == {"1"}
    assert {batch["secret"] for batch in read_log(tmp_path / "log")} == {"open-sesame"}
    assert all(len(batch["pictures"]) == len(batch["rows"]) for batch in read_log(tmp_path / "log"))
    assert any("gcs_server" in command for command in below.values())
    wait_for(lambda: not any(map(runs, below)), 10)
    (session,) = {word.split("/")[3] for command in below.values() for word in command.split() if "/session_" in word}
    logs = Path("/tmp/ray") / session
    assert not [path for path in logs.rglob("*") if path.is_file() and b"open-sesame" in path.read_bytes()]


@pytest.fixture
def unlike_one_process(run, tmp_path):
    """Return a function that goes on with a run and tells what differs from one that nothing stopped."""

    def unlike(output, program):
        status, _, errors = program.run(output)
        assert status == 0, errors
        run(tmp_path / "whole", workers=None)
        return {name for name, content in outcome(tmp_path / "whole").items() if outcome(output)[name] != content}

    return unlike


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "status", "said", "seconds"),
    [
        ("itself", -9, "", 1),
        ("/raylet/raylet ", 2, "error: Ray has died on this machine", 60),
        ("gcs_server", 1, "GCS may have been killed", 90),
    ],
)
def test_whatever_dies_of_ray_the_run_ends_and_goes_on(
    program, unlike_one_process, tmp_path, victim, status, said, seconds
):
    with program.start(tmp_path / "out", log=tmp_path / "log", seconds=25) as process:
        wait_for(lambda: len(read_log(tmp_path / "log")) > 2, 60)
        below = descendants(process.pid)
        os.kill(next((pid for pid, command in below.items() if victim in command), process.pid), signal.SIGKILL)
        errors = process.communicate(timeout=seconds)[1]
    assert (process.returncode, said in errors) == (status, True), errors
    wait_for(lambda: not any(runs(pid) for pid, command in below.items() if command not in AGENTS), 15)
    if victim == "itself":
        wait_for(lambda: not any(map(runs, below)), 90)
    assert unlike_one_process(tmp_path / "out", program) == set()


@pytest.mark.slow
def test_a_port_of_something_else_is_told_within_a_minute(program, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        begun = time.monotonic()
        status, _, errors = program.run(tmp_path / "out", "--address", f"127.0.0.1:{server.getsockname()[1]}")
    assert (status, time.monotonic() - begun < 60) == (2, True)
    assert errors.splitlines()[-1].startswith("error: no Ray cluster at 127.0.0.1:")


@pytest.mark.slow
def test_a_cluster_that_asks_for_a_token_is_told_how(program, cluster, tmp_path):
    del program.environment["RAY_AUTH_MODE"]
    status, _, errors = program.run(tmp_path / "out", "--address", cluster)
    assert status == 2
    assert "it asks for a token" in errors.splitlines()[-1]


@pytest.mark.slow
def test_a_machine_that_goes_takes_its_batches_along_but_not_the_run(run, paths, tmp_path):
    run(tmp_path / "local", workers=None)
    with (
        ray_head(tmp_path / "head", paths, "--num-cpus=1") as address,
        ray_node(tmp_path / "second", paths, "--num-cpus=1", f"--address={address}") as second,
    ):

        def end():
            wait_for(lambda: len({batch["pid"] for batch in read_log(tmp_path / "log")}) == 2)
            (raylet,) = [pid for pid, command in descendants(second.pid).items() if "/raylet/raylet " in command]
            os.kill(raylet, signal.SIGKILL)

        ending = threading.Thread(target=end)
        ending.start()
        result = run(tmp_path / "ray", address=address, seconds=1, log=tmp_path / "log")
        ending.join()
    assert outcome(tmp_path / "ray") == outcome(tmp_path / "local")
    assert "a worker died and is started anew" in result.stderr


@pytest.mark.slow
def test_a_worker_has_a_gpu_and_its_share_of_the_cores(run, paths, tmp_path):
    with ray_head(tmp_path / "head", paths, "--num-cpus=5", "--num-gpus=2") as address:
        run(tmp_path / "out", workers=2, address=address, seconds=0.5, log=tmp_path / "log")
        with pytest.raises(InputError, match="3 workers, and Ray has 2 GPUs"):
            RayEngine("slow", {}, workers=3, address=address)
    assert {batch["cards"] for batch in read_log(tmp_path / "log")} == {"0", "1"}
    assert {batch["threads"] for batch in read_log(tmp_path / "log")} == {"2"}


@pytest.mark.parametrize(
    ("machines", "workers", "share"),
    [
        ([{"CPU": 8.0}], None, (8, {"num_cpus": 1})),
        ([{"CPU": 8.0}], 3, (3, {"num_cpus": 2})),
        ([{"CPU": 4.0}, {"CPU": 2.0}], 2, (2, {"num_cpus": 2})),
        ([{"CPU": 4.0}, {"memory": 1.0}], 1, (1, {"num_cpus": 4})),
        ([{"CPU": 16.0, "GPU": 8.0}, {"CPU": 4.0}], None, (8, {"num_gpus": 1, "num_cpus": 2})),
        ([{"CPU": 96.0, "GPU": 8.0}, {"CPU": 16.0, "GPU": 4.0}], 12, (12, {"num_gpus": 1, "num_cpus": 4})),
        ([{"GPU": 1.0}], None, (1, {"num_gpus": 1, "num_cpus": 0})),
        ([{"CPU": 2.0, "GPU": 0.5}], None, (2, {"num_cpus": 1})),
    ],
    ids=str,
)
def test_what_a_worker_takes(machines, workers, share):
    assert _shares(machines, workers) == share


@pytest.mark.parametrize(("machines", "workers"), [([], None), ([{"memory": 1.0}], 1), ([{"CPU": 2.0}], 3)], ids=str)
def test_what_no_machine_has_is_refused(machines, workers):
    with pytest.raises(InputError, match="workers, and Ray has"):
        _shares(machines, workers)
