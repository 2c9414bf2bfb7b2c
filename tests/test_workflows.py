"""What runs where a stranger proposes a change: no secrets, no rights, and of a submission nothing at all."""

import re
import shlex

import pytest
import yaml

from mibench.cli.leaderboard import leaderboard
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.y*ml"))
PROGRAM = {"pip", "git", "mibench", "make"}


def workflow(name):
    """Return a workflow; YAML takes its key `on` for true."""
    content = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return content | {"on": content.pop(True)}


def steps(name):
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def commands(name):
    return [step["run"] for step in steps(name) if "run" in step]


def test_the_workflows_are_there():
    assert NAMES == ["ci.yml", "site.yml", "submission.yml"]
    assert (REPOSITORY / ".github" / "pull_request_template.md").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_has_rights_or_secrets_to_give_away(name):
    found = workflow(name)
    assert found["permissions"] == {"contents": "read"}
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & {*found["on"]}
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert "secrets." not in text
    assert "github.token" not in text
    for job in found["jobs"].values():
        assert job["runs-on"] == "ubuntu-latest"
        assert job["timeout-minutes"] <= 60


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_put_into_the_text_of_a_command(name):
    for command in commands(name):
        assert "${{" not in command
        assert "\n" not in command
        assert shlex.split(command)[0] in PROGRAM
    for step in steps(name):
        assert not {"env", "shell", "working-directory"} & {*step}


@pytest.mark.parametrize("name", NAMES)
def test_actions_are_the_platforms_own_and_keep_no_password(name):
    for step in steps(name):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
            if step["uses"].startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
                assert not {"token", "ssh-key", "submodules", "lfs"} & {*step["with"]}


def test_only_the_site_is_deployed_and_only_from_main():
    jobs = workflow("site.yml")["jobs"]
    assert jobs["build"]["if"] == "github.ref == 'refs/heads/main'"
    assert "permissions" not in jobs["build"]
    assert (jobs["deploy"]["needs"], jobs["deploy"]["permissions"]) == (
        "build",
        {"pages": "write", "id-token": "write"},
    )
    assert workflow("site.yml")["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert [step.get("uses", "").partition("@")[0] for step in jobs["deploy"]["steps"]] == ["actions/deploy-pages"]
    for name in ("ci.yml", "submission.yml"):
        assert all("permissions" not in job for job in workflow(name)["jobs"].values())


def test_only_the_base_branch_is_installed_and_run():
    base, proposed = (step["with"] for step in steps("submission.yml") if "checkout" in step.get("uses", ""))
    assert (base["ref"], base["path"]) == ("${{ github.event.pull_request.base.sha }}", "base")
    assert (proposed["path"], proposed["sparse-checkout"]) == ("proposed", "/submissions/")
    assert proposed["sparse-checkout-cone-mode"] is False
    found = [shlex.split(command) for command in commands("submission.yml")]
    assert [words[0] for words in found] == ["pip", "git", "mibench", "mibench"]
    assert found[0][1:] == ["install", "--constraint", "base/constraints.txt", "./base"]
    named = [[word for word in words if word.startswith(("proposed", "./proposed"))] for words in found]
    assert named == [[], ["proposed"], ["proposed/submissions"], ["proposed/submissions"]]
    assert "-z" in found[1]
    assert "--no-ext-diff" in found[1]


def test_a_submission_is_checked_before_it_is_built_and_the_site_is_kept():
    said = [step.get("run", step.get("uses")) for step in steps("submission.yml")][-3:]
    assert said[0].startswith("mibench leaderboard check --submissions proposed/submissions --changed changed")
    assert said[1].startswith("mibench leaderboard build --submissions proposed/submissions --output site")
    assert said[2].startswith("actions/upload-artifact@")
    assert workflow("submission.yml")["on"] == {"pull_request": {"paths": ["submissions/**"]}}


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_one_that_the_program_has(name):
    for words in map(shlex.split, commands(name)):
        if words[:2] == ["mibench", "leaderboard"]:
            known = {option for parameter in leaderboard.commands[words[2]].params for option in parameter.opts}
            assert {word for word in words[3:] if word.startswith("--")} <= known
