"""What a hostile submission may change: its own escaped text, or nothing at all."""

import csv
import json
import re
import shutil
from xml.etree import ElementTree

import pytest
import yaml

from tests.cli.program import mibench
from tests.leaderboard.hostile import MARK, TEXTS, Skeleton, hostile_submission
from tests.leaderboard.sample import build

UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u115f\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e0fff]"
)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def plain(sample, tmp_path_factory):
    """A site with a submission that has the word `plain` wherever it may have a text."""
    folder = tmp_path_factory.mktemp("plain")
    hostile_submission(sample, folder / "submissions" / "guest", "plain")
    shutil.copytree(sample / "submissions" / "steady", folder / "submissions" / "steady")
    build(folder / "submissions", folder / "site", sample, pairs=0)
    return folder


def site_with(text, plain, sample, tmp_path):
    """Build the same site with another text."""
    shutil.copytree(plain / "submissions" / "steady", tmp_path / "submissions" / "steady")
    shutil.copytree(plain / "site-cache", tmp_path / "site-cache")
    hostile_submission(sample, tmp_path / "submissions" / "guest", text)
    build(tmp_path / "submissions", tmp_path / "site", sample, pairs=0)
    return contents(tmp_path / "site")


def test_a_hostile_text_changes_nothing_but_itself(plain, sample, tmp_path):
    texts = list(TEXTS.values())
    check_alike(site_with("\n".join(texts)[:1000], plain, sample, tmp_path), contents(plain / "site"))


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_each_hostile_text_changes_nothing_but_itself(plain, sample, tmp_path, text):
    check_alike(site_with(text, plain, sample, tmp_path), contents(plain / "site"))


def check_alike(found, expected):
    assert found.keys() == expected.keys()
    for place, content in found.items():
        if place.startswith("pictures/"):
            assert content == expected[place]
            continue
        text = content.decode()
        if place.endswith(".html"):
            page, other = Skeleton(text), Skeleton(expected[place].decode())
            assert page.parts == other.parts, place
            assert page.links == other.links, place
        if place.endswith((".html", ".xml", ".svg")):
            assert f"<{MARK}" not in text
        if place.endswith((".html", ".xml", ".js", ".csv")):
            assert not UNSEEN.search(text), place
        if place.endswith(".xml"):
            assert tags(text) == tags(expected[place].decode())
        if place.endswith(".csv"):
            assert not [cell for row in csv.reader(text.splitlines()) for cell in row if re.match(r"[=+@\t\r]", cell)]
        if place == "leaderboard.json":
            assert shape(json.loads(text)) == shape(json.loads(expected[place]))
        if place.startswith("data/"):
            assert not re.search(r"[<>&]", text), place
            if place.startswith("data/pairs/"):
                # What two models differ by follows from their answers; no text of theirs stands there.
                assert MARK not in text
                continue
            assert shape(data_of(text)) == shape(data_of(expected[place].decode())), place


def tags(document):
    """Return the elements of an XML document with the names of their attributes."""
    return [(one.tag, *one.attrib) for one in ElementTree.fromstring(document).iter()]


def data_of(script):
    """Return what a data script hands over: one call with JSON, and nothing else."""
    called = re.fullmatch(r"mibench\.take\(\.\.\.(\[.*\])\);\n", script)
    assert called, script[:200]
    return json.loads(called[1])


def shape(value):
    """Return of what parts a value of JSON is made."""
    if isinstance(value, dict):
        return [shape(item) for item in value.values()], len(value)
    if isinstance(value, list):
        return [shape(item) for item in value]
    return isinstance(value, str)


def describe(**changes):
    """Return what changes `submission.yaml`; a key of the model is given as `model__key`."""

    def spoil(folder):
        file = folder / "submission.yaml"
        about = yaml.safe_load(file.read_text(encoding="utf-8"))
        for key, value in changes.items():
            inner = about["model"] if key.startswith("model__") else about
            inner[key.removeprefix("model__")] = value
        file.write_text(yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")

    return spoil


def written(text, file="submission.yaml"):
    """Return what puts lines at the end of a file; bytes take the place of all that it held."""

    def spoil(folder):
        if isinstance(text, bytes):
            (folder / file).write_bytes(text)
        else:
            (folder / file).write_text((folder / file).read_text(encoding="utf-8") + text, encoding="utf-8")

    return spoil


def score(change):
    """Return what changes `scores.json`, whose tasks alone are given first."""

    def spoil(folder):
        content = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        change(content["tasks"]["nlvr"], content)
        (folder / "scores.json").write_text(json.dumps(content), encoding="utf-8")

    return spoil


def answered(line, file="predictions/nlvr.jsonl"):
    """Return what puts a line of JSON at the end of the predictions."""
    return written(line + "\n", file)


def linked(file, target="/etc/passwd"):
    """Return what puts a link in the place of a file or a folder."""

    def spoil(folder):
        place = folder / file
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.symlink_to(target)

    return spoil


def called(name):
    """Return what gives the folder another name."""
    return lambda folder: folder.rename(folder.with_name(name))


def foreign_task(name):
    """Return what adds a task to all that lists tasks."""

    def spoil(folder):
        describe(data={name: "x"}, cards={name: "x"})(folder)

        def change(nlvr, content):
            content["tasks"] = {name: nlvr}
            content["digests"] |= {"data": {name: "x"}, "cards": {name: "x"}}

        score(change)(folder)

    return spoil


def primary(**changes):
    """Return what changes the scores of a task's primary metric."""
    return score(lambda nlvr, _: nlvr["metrics"]["accuracy"].update(changes))


BOMB = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGES = "".join(f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
LINE = '{{"instance": "{}", "instruction": 1, "prediction": {}}}'

REFUSED = {
    "javascript address": describe(model__url="javascript:alert(1)"),
    "javascript address after a line": describe(model__url="javascript:alert(1)//\nhttps://example.org"),
    "data address": describe(model__url="data:text/html,<script>alert(1)</script>"),
    "address without a scheme": describe(model__url="//evil.example"),
    "file address": describe(model__url="file:///etc/passwd"),
    "address with a space": describe(model__url='https://example.org" onclick="alert(1)'),
    "instructions that are no digest": describe(instructions="sha256:" + "../" * 20),
    "world with a path": describe(world="../../mini"),
    "name of ten megabytes": written(b"name: " + b"W" * 10_000_000),
    "name of three hundred letters": describe(name="W" * 300),
    "no name": describe(name=""),
    "name that is a list": describe(name=["a"]),
    "name that is a number": describe(name=1),
    "revision of two thousand letters": describe(model__revision="W" * 2000),
    "unknown key": describe(html="<b>bold</b>"),
    "date that is none": describe(created="9999-99-99T99:99:99Z"),
    "date in other digits": describe(created="２０２６-01-31T12:00:00Z"),
    "date with markup": describe(created="2026-01-31T12:00:00Z<script>"),
    "parameters beyond counting": describe(model__parameters=10**30),
    "seed beyond counting": describe(seed=10**30),
    "seed with a million digits": written(f"limit: 0x{'f' * 100_000}\n"),
    "decoding that is infinite": describe(decoding={"temperature": float("inf")}),
    "decoding that is no number": describe(decoding={"temperature": float("nan")}),
    "decoding in layers": describe(decoding={"a": {"b": "c"}}),
    "Python object": written("decoding: !!python/object/apply:os.system ['touch evil']\n"),
    "Python name": written("adapter: !!python/name:os.system\n"),
    "foreign tag": written("adapter: !evil x\n"),
    "aliases upon aliases": written(f"b0: &b0 [x, x]\n{BOMB}"),
    "merges upon merges": written(f"m0: &m0 {{x: y}}\n{MERGES}"),
    "list within list": written(f"decoding: {'[' * 50_000}\n"),
    "zero bytes": written(b"name: a\0b\n"),
    "nothing but zero bytes": written(bytes(4096)),
    "other encoding": written("name: caf\u00e9\n".encode("latin-1")),
    "half a character": written('adapter: "\\ud800"\n'),
    "description that is a page": written(b"<!doctype html><script>alert(1)</script>"),
    "empty description": written(b""),
    "linked description": linked("submission.yaml"),
    "linked scores": linked("scores.json"),
    "linked predictions": linked("predictions", "/etc"),
    "linked answers": linked("predictions/nlvr.jsonl"),
    "linked record": linked("run.json"),
    "linked in a ring": linked("submission.yaml", "submission.yaml"),
    "linked to nothing": linked("scores.json", "nothing"),
    "name with a space": called("a b"),
    "name with escapes": called("%2e%2e"),
    "name with a question": called("a?b=1"),
    "name with a hash": called("a#b"),
    "name with markup": called('a"><script>alert(1)<'),
    "name with an ampersand": called("a&amp;b"),
    "name with a backslash": called("a\\..\\b"),
    "name with a line": called("a\nb"),
    "name in other direction": called("a\u202eb"),
    "name with nothing to see": called("a\u200bb"),
    "name like another": called("STEADY"),
    "name of a device": called("con"),
    "name of a device with an ending": called("NUL.txt"),
    "name that ends with a dot": called("a."),
    "name too long": called("a" * 101),
    "scores of no task": score(lambda nlvr, content: content.update(tasks={})),
    "scores of more tasks": score(lambda nlvr, content: content["tasks"].update({"../../x": nlvr})),
    "scores of fewer tasks": score(lambda nlvr, content: content["tasks"].pop("nlvr")),
    "scores that are no number": written(b'{"format": 1, "tasks": NaN}', "scores.json"),
    "scores that are a page": written(b"<!doctype html><script>alert(1)</script>", "scores.json"),
    "scores in layers": written(b"[" * 100_000, "scores.json"),
    "scores of another format": score(lambda nlvr, content: content.update(format=2)),
    "no number for a score": primary(mean=float("nan")),
    "infinite score": primary(mean=float("inf")),
    "enormous score": primary(mean=1e308),
    "score above the scale": primary(mean=100.5, per_instruction=[100.5] * 5, max=100.5),
    "score below the scale": primary(mean=-1.0),
    "wording above the scale": primary(per_instruction=[1.0, 2.0, 3.0, 4.0, 1e6]),
    "best wording above the scale": primary(max=101.0),
    "negative deviation": primary(std=-1.0),
    "aggregate above the scale": score(lambda nlvr, content: content["summary"]["aggregate"].update(mean=1e9)),
    "negative Sensitivity": score(lambda nlvr, content: content["summary"].update(sensitivity=-5.0)),
    "no wording at all": primary(per_instruction=[]),
    "three wordings": primary(per_instruction=[1.0, 2.0, 3.0]),
    "thousand wordings": primary(per_instruction=[1.0] * 1000),
    "score that is a text": primary(mean="<b>100</b>"),
    "interval that is infinite": primary(
        ci={"per_instruction": [None] * 5, "mean": {"percentile": [-1e300, 1e300], "bca": None}}
    ),
    "primary metric that is not there": score(lambda nlvr, _: nlvr.update(primary="evil")),
    "suite that is none": score(lambda nlvr, _: nlvr.update(suite="<script>")),
    "negative rows": score(lambda nlvr, _: nlvr.update(n=-1)),
    "rows beyond counting": score(lambda nlvr, _: nlvr.update(n=10**30)),
    "answer to an unknown row": answered(LINE.format("../../etc/passwd", '"x"')),
    "answer given twice": lambda folder: answered((folder / "predictions/nlvr.jsonl").read_text().splitlines()[0])(
        folder
    ),
    "answer that is no text": answered(LINE.format("nlvr-0", '{"html": "<b>"}')),
    "answer over a mebibyte": answered(LINE.format("nlvr-0", json.dumps("W" * (1 << 20)))),
    "half a surrogate pair": answered(LINE.format("nlvr-0", '"\\ud800"')),
    "answers that are a page": written(b"<!doctype html><script>alert(1)</script>", "predictions/nlvr.jsonl"),
}


@pytest.fixture(scope="module")
def published(sample, tmp_path_factory):
    """A folder with one honest submission and its site."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(sample / "submissions" / "steady", folder / "submissions" / "steady")
    build_by_command(folder, sample)
    return folder


def build_by_command(folder, sample, status=0):
    places = ("--submissions", folder / "submissions", "--output", folder / "site")
    return mibench("leaderboard", "build", *places, "--data", sample / "world", status=status)


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_with_one_message(published, sample, spoil):
    before = contents(published / "site")
    shutil.copytree(sample / "submissions" / "always-yes", published / "submissions" / "guest")
    try:
        spoil(published / "submissions" / "guest")
        result = build_by_command(published, sample, status=2)
    finally:
        for folder in (published / "submissions").iterdir():
            if folder.name != "steady":
                shutil.rmtree(folder)
    assert re.fullmatch(r"error: [^\n]{1,2000}\n", result.stderr), result.stderr[:3000]
    assert not UNSEEN.search(result.stderr)
    assert contents(published / "site") == before
    assert sorted(path.name for path in published.iterdir()) == ["site", "submissions"]


def put(place, text):
    """Return what adds a file."""

    def spoil(folder):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")

    return spoil


PAGE = "<script>alert(1)</script><evil-mark>"
PASSED_OVER = {
    "hidden folder": called(".hidden"),
    "folder of dots": called("..."),
    "task with a path": foreign_task("../../x"),
    "task with markup": foreign_task("<script>alert(1)</script><evil-mark>"),
    "task called as a part of an object": foreign_task("__proto__"),
    "answers of no task": put("predictions/<evil-mark>.jsonl", "{}\n"),
    "page among the answers": put("predictions/index.html", PAGE),
    "link among the answers": linked("predictions/notes.jsonl"),
    "link in the folder": linked("README.md"),
    "page in the folder": put("index.html", PAGE),
    "style in the folder": put("style.css", "body { background: url(https://evil.example/evil-mark) }"),
    "script in the folder": put("data/submissions.js", "alert('evil-mark')"),
    "Python in the folder": put("conftest.py", "raise SystemExit('evil-mark')"),
}


@pytest.mark.parametrize("spoil", PASSED_OVER.values(), ids=PASSED_OVER.keys())
def test_it_is_passed_over(sample, tmp_path, spoil):
    shutil.copytree(sample / "submissions" / "one-task", tmp_path / "submissions" / "guest")
    spoil(tmp_path / "submissions" / "guest")
    before = contents(tmp_path / "submissions")
    build_by_command(tmp_path, sample)
    assert contents(tmp_path / "submissions") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "submissions"]
    for place, content in contents(tmp_path / "site").items():
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", place)
        if not place.endswith(".scores.json"):
            assert b"<evil-mark" not in content
            assert b"evil.example" not in content
            assert b"<script>" not in content
            assert b"root:x:" not in content
