"""From a run to a page, by the command line alone."""

from tests.builders import make_data
from tests.cli.program import mibench


def test_a_run_becomes_a_page(tmp_path):
    data = make_data(tmp_path / "data")
    folder = tmp_path / "submissions" / "yes"
    arguments = ("--model", "constant", "--model-args", "answer=yes", "--tasks", "nlvr,text_vqa")
    mibench("run", *arguments, "--data", data.path, "--output", folder)
    site = tmp_path / "site"
    result = mibench("leaderboard", "build", "--submissions", folder.parent, "--output", site)
    assert result.stdout == f"{site / 'index.html'}\n"
    assert "1 submission\n" in result.stderr
    assert "constant (yes)" in (site / "index.html").read_text(encoding="utf-8")
    assert (site / "submissions" / "yes.html").is_file()


def test_a_faulty_submission_is_one_message(tmp_path):
    (tmp_path / "submissions" / "empty").mkdir(parents=True)
    arguments = ("--submissions", tmp_path / "submissions", "--output", tmp_path / "site")
    result = mibench("leaderboard", "build", *arguments, status=2)
    assert "empty/submission.yaml: cannot be read" in result.stderr
    assert not (tmp_path / "site").exists()


def test_the_default_folders_are_the_repositorys(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "submissions").mkdir()
    assert mibench("leaderboard", "build").stdout == "leaderboard/index.html\n"
