"""The paths of a proposed change: those of submissions alone, and none that plays a trick."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.leaderboard.changed import MAX_BYTES, changed_submissions, read_changed

GOOD = (
    "submissions/b/submission.yaml",
    "submissions/b/scores.json",
    "submissions/A.1-x_2/run.json",
    "submissions/b/predictions/nlvr.jsonl.zst",
    "submissions/b/predictions/nlvr.part-2.jsonl",
)


def test_the_submissions_are_named_in_order_and_once():
    assert changed_submissions(GOOD) == ["A.1-x_2", "b"]
    assert changed_submissions([]) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "README.md",
        "mibench/cli/run.py",
        ".github/workflows/submission.yml",
        "submissions",
        "submissions/",
        "submissions/README.md",
        "submissions/b",
        "submissions/b/",
        "submissions/b/predictions",
        "submissions/b/predictions/",
        "submissions/b/evil.py",
        "submissions/b/.gitattributes",
        "submissions/.git/config",
        "submissions/b/predictions/.hidden.jsonl",
        "submissions/b/predictions/nlvr.py",
        "submissions/b/predictions/a/nlvr.jsonl",
        "submissions/../mibench/scores.json",
        "submissions/b/../../scores.json",
        "submissions/./scores.json",
        "submissions//scores.json",
        "submissions/b//scores.json",
        "/submissions/b/scores.json",
        "./submissions/b/scores.json",
        "Submissions/b/scores.json",
        "submissions\\b\\scores.json",
        "submissions/b\\..\\..\\x/scores.json",
        "submissions/-rf/scores.json",
        "submissions/$(touch ran)/scores.json",
        "submissions/b;ls/scores.json",
        "submissions/b c/scores.json",
        "submissions/b/scores.json\n",
        "submissions/b/scores.json\nREADME.md",
        "submissions/é/scores.json",
        "submissions/b\u202e/scores.json",
        "submissions/b/scores.json\u2028",
        "submissions/b/SCORES.json",
        "submissions/" + "b" * 101 + "/scores.json",
        "x/submissions/b/scores.json",
        '"submissions/\\303\\251/scores.json"',
    ],
)
def test_other_paths_are_refused(path):
    with pytest.raises(InputError, match="none of a submission's files"):
        changed_submissions([*GOOD, path])


@given(st.text(max_size=30))
def test_no_path_leads_out_of_its_folder(text):
    try:
        found = changed_submissions([f"submissions/{text}"])
    except InputError:
        return
    assert text.split("/")[0] == found[0]
    assert not {"", ".", ".."} & {*text.split("/")}


@pytest.mark.parametrize(
    "content",
    [
        b"submissions/b/scores.json",
        b"submissions/b/scores.json\n",
        b"submissions/b/scores.json\nREADME.md\n",
        b"submissions/b/scores.json\0README.md\0",
        b"submissions/b/scores.json\0\0",
        b"submissions/\xff/scores.json\0",
        b"submissions/b/scores.json\0" * (MAX_BYTES // 20),
    ],
    ids=["no end", "lines", "two lines", "mixed", "empty", "bytes", "long"],
)
def test_other_lists_are_refused(tmp_path, content):
    (tmp_path / "changed").write_bytes(content)
    with pytest.raises(InputError):
        read_changed(tmp_path / "changed")


def test_a_list_must_be_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_changed(tmp_path / "changed")


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
def test_git_lists_what_a_proposal_changes(tmp_path):
    def git(*arguments):
        known = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
        return subprocess.run(["git", *known, *arguments], cwd=tmp_path, check=True, capture_output=True).stdout

    def commit(**files):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)
        git("add", "-A")
        git("commit", "-m", "x")

    def changed():
        (tmp_path / ".git" / "changed").write_bytes(
            git("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "HEAD^1", "HEAD")
        )
        return read_changed(tmp_path / ".git" / "changed")

    git("init")
    commit(**{"README.md": "a", "submissions/old/scores.json": "{}"})
    commit(**{"submissions/new/scores.json": "{}", "submissions/new/predictions/nlvr.jsonl": "x"})
    assert changed() == ["new"]
    (tmp_path / "submissions" / "old").rename(tmp_path / "submissions" / "moved")
    commit()
    assert changed() == ["moved", "old"]
    commit(**{"submissions/new/scores.json": "[]", "README.md": "b"})
    with pytest.raises(InputError, match=r"'README\.md'"):
        changed()
    (tmp_path / "submissions" / "linked").symlink_to("../README.md")
    commit()
    with pytest.raises(InputError, match="'submissions/linked'"):
        changed()
