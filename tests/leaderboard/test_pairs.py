import shutil

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.data.store import DataFolder
from mibench.leaderboard import pairs
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.cache import Cache
from mibench.leaderboard.pairs import choose_pairs, make_pairs, write_pairs
from mibench.leaderboard.submission_part import Sources, make_submission_parts
from mibench.scoring.compare import compare_submissions
from mibench.scoring.report import read_scores, write_scores
from mibench.submissions.description import read_description, write_description
from mibench.submissions.reading import Submission
from tests.leaderboard.data_scripts import read_data

CARDS = load_cards()
RESAMPLES = 500
BEST_FIRST = ["steady", "brittle", "always-yes"]


@pytest.fixture
def folder(tmp_path, sample):
    """Three complete submissions of one table, and one that is not complete."""
    for name in (*BEST_FIRST, "talkative"):
        shutil.copytree(sample / "submissions" / name, tmp_path / "submissions" / name)
    return tmp_path


@pytest.fixture
def compared(monkeypatch):
    """The pairs that were computed, in the order in which they were."""
    computed = []

    def compare(submissions, benchmark, **options):
        computed.extend(options["pairs"])
        return compare_submissions(submissions, benchmark, resamples=RESAMPLES, **options)

    monkeypatch.setattr(pairs, "compare_submissions", compare)
    return computed


def write(folder, sample, best=12, cache="cache", data=True):
    """Write the pairs into a new site; return what is written, by table."""
    submissions, site = folder / "submissions", folder / "site"
    sources = Sources(cards=CARDS, data={"mini": sample / "world"} if data else {}, instructions={})
    kept = Cache(folder / cache)
    parts = make_submission_parts(sorted(submissions.iterdir()), sources, kept)
    by_slug = {sheet.slug: part for part, sheet in parts.items()}
    shutil.rmtree(site, ignore_errors=True)
    chosen = choose_pairs(make_boards(parts.values()), submissions, sources, by_slug, kept, best)
    make_pairs(chosen.values(), sources, kept)
    return write_pairs(chosen, kept, site)


def names(found):
    return [(pair["first"], pair["second"]) for pair in found["pairs"]]


def opened(sample, slug):
    folder = sample / "submissions" / slug
    return Submission(folder, read_description(folder), CARDS, DataFolder(sample / "world"))


def test_they_are_those_of_the_comparison(folder, sample, compared):
    """Each two compared by themselves, as the command does it, give what the batch gave."""
    assert write(folder, sample) == {"mini": BEST_FIRST}
    found = read_data(folder / "site", "pairs/mini")
    assert found["submissions"] == BEST_FIRST
    assert names(found) == [("steady", "brittle"), ("steady", "always-yes"), ("brittle", "always-yes")]
    shown = found["pairs"][0]
    both = {name: opened(sample, name) for name in ("steady", "brittle")}
    (pair,) = compare_submissions(both, CARDS, resamples=RESAMPLES).pairs
    text = shown["verdict"].replace("{first}", "steady").replace("{second}", "brittle")
    assert text == pair.verdict
    assert shown["flips"] == pair.flips
    everything = [(shown["aggregate"], pair.aggregate), (shown["sensitivity"], pair.sensitivity)]
    for name, task in pair.tasks.items():
        assert shown["tasks"][name].get("flips") == task.flips
        everything += [(shown["tasks"][name][key], getattr(task, key)) for key in ("mean", "sensitivity")]
    for written, known in everything:
        assert written.get("value") == (None if known.value is None else pytest.approx(known.value, abs=6e-4))
        assert written.get("ci") == (None if known.ci is None else pytest.approx(known.ci.shown, abs=6e-4))
        assert written.get("p") == pytest.approx(known.p if known.p_holm is None else known.p_holm, abs=6e-5)


def test_the_best_are_chosen_and_none_where_none_are_wanted(folder, sample, compared):
    assert write(folder, sample, best=2) == {"mini": ["steady", "brittle"]}
    assert compared == [("steady", "brittle")]
    for best in (0, 1):
        assert write(folder, sample, best=best) == {}
        assert not (folder / "site").exists()


def test_a_new_submission_is_compared_with_the_others_alone(folder, sample, compared):
    (folder / "submissions" / "brittle").rename(folder / "brittle")
    write(folder, sample)
    assert compared == [("steady", "always-yes")]
    compared.clear()
    (folder / "brittle").rename(folder / "submissions" / "brittle")
    write(folder, sample)
    assert compared == [("steady", "brittle"), ("brittle", "always-yes")]
    again = (folder / "site" / "data" / "pairs" / "mini.js").read_bytes()
    compared.clear()
    write(folder, sample)
    assert compared == []
    assert (folder / "site" / "data" / "pairs" / "mini.js").read_bytes() == again
    write(folder, sample, cache="another")
    assert (folder / "site" / "data" / "pairs" / "mini.js").read_bytes() == again


def test_other_answers_are_compared_anew(folder, sample, compared):
    write(folder, sample)
    compared.clear()
    file = folder / "submissions" / "steady" / "predictions" / "nlvr.jsonl"
    file.write_text("".join(reversed(file.read_text().splitlines(keepends=True))))
    write(folder, sample)
    assert compared == [("steady", "brittle"), ("steady", "always-yes")]


def test_one_whose_card_has_changed_is_left_out(folder, sample, compared):
    place = folder / "submissions" / "brittle"
    about, scores = read_description(place), read_scores(place)
    cards = {**about.cards, "nlvr": "sha256:other"}
    write_description(place, about.model_copy(update={"cards": cards}))
    write_scores(place, msgspec.structs.replace(scores, digests=msgspec.structs.replace(scores.digests, cards=cards)))
    assert write(folder, sample) == {"mini": ["steady", "always-yes"]}


def test_without_data_or_answers_there_are_no_pairs(folder, sample, compared):
    assert write(folder, sample, data=False) == {}
    for name in ("steady", "brittle"):
        shutil.rmtree(folder / "submissions" / name / "predictions")
    assert write(folder, sample) == {}
    assert compared == []
