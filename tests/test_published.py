"""What the repository publishes is what its code makes today: submissions, their scores, and the site."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from mibench.adapters.ofa_mini import FOLDER, WEIGHTS
from mibench.cards import load_cards
from mibench.data.mini import prepare_mini
from mibench.leaderboard.site import build_site
from mibench.scoring.report import FILE_NAME
from mibench.scoring.score import score_submission
from mibench.submissions.description import read_description
from mibench.submissions.reading import Submission
from mibench.tuning.mini.model_card import write_model_card

REPOSITORY = Path(__file__).parent.parent
SUBMISSIONS = sorted((REPOSITORY / "submissions").iterdir())
DIGESTS = json.loads((Path(__file__).parent / "data" / "mini" / "digests.json").read_text())


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_site_is_built_from_the_submissions(tmp_path):
    rows = int(re.search(r"leaderboard build --rows (\d+)", (REPOSITORY / "Makefile").read_text())[1])
    data = {"mini": prepare_mini(load_cards().values()).path}
    build_site(REPOSITORY / "submissions", tmp_path / "site", load_cards(), data=data, rows=rows)
    assert digests(tmp_path / "site") == digests(REPOSITORY / "leaderboard")


@pytest.mark.parametrize("folder", SUBMISSIONS, ids=lambda folder: folder.name)
def test_a_submission_answers_the_present_cards_and_data(folder):
    description = read_description(folder)
    assert description.cards == {name: card.digest for name, card in load_cards().items()}
    assert description.data == DIGESTS


@pytest.mark.slow
@pytest.mark.parametrize("folder", SUBMISSIONS, ids=lambda folder: folder.name)
def test_scoring_again_gives_the_same_bytes(folder):
    data = prepare_mini(load_cards().values())
    scores = score_submission(Submission(folder, read_description(folder), load_cards(), data), load_cards())
    assert scores.to_json() == (folder / FILE_NAME).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_model_card_is_written_from_the_records(tmp_path):
    submissions, recipes = (REPOSITORY / name for name in ("submissions", "recipes"))
    write_model_card(
        REPOSITORY / "docs" / "ofa-mini-training",
        sorted(submissions.iterdir()),
        tmp_path / "ofa-mini.md",
        recipe=recipes / "ofa-mini.yaml",
        ablations=recipes / "ofa-mini-ablations.yaml",
        attention=REPOSITORY / "docs" / "ofa-mini-training" / "attention.json",
    )
    for name in ("ofa-mini.md", "ofa-mini-curve.svg"):
        assert (tmp_path / name).read_text() == (REPOSITORY / "docs" / name).read_text()


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_bundled_weights_are_those_that_answered(weights):
    """A submission names the digest of the weights that it came from."""
    content = (FOLDER / weights / "model.safetensors").read_bytes()
    about = read_description(REPOSITORY / "submissions" / f"ofa-mini-{weights}")
    assert about.model.revision == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert len(content) < 20e6
