"""Submissions share a table and a ranking only where their aggregates compare."""

import logging
import re

import pytest

from mibench.cards import load_cards
from mibench.instructions.importing import OFFICIAL_DIGEST
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.entries import read_entry, submission_folders
from mibench.leaderboard.sheet import make_sheet
from tests.leaderboard.test_site import CARDS, build, submit, text_of

SET = "sha256:0123456789" + "0" * 54
OTHER_DATA = {task: f"sha256:other {task}" for task in load_cards()}


def submit_on(folder, base, data, **changes):
    """Write a submission whose scores are on other data than usual."""
    submit(folder, base, data=data, **changes)
    scores = folder / "scores.json"
    head, digests = scores.read_text(encoding="utf-8").split('"data"')
    for task, digest in data.items():
        digests = digests.replace(CARDS[task].digest, digest)
    scores.write_text(f'{head}"data"{digests}', encoding="utf-8")


def boards_of(submissions):
    return make_boards(make_sheet(read_entry(folder), CARDS, {}) for folder in submission_folders(submissions))


def tables(submissions):
    return {board.title: [(place.sheet.slug, place.rank) for place in board.places] for board in boards_of(submissions)}


def lead(tmp_path, slug):
    page = (tmp_path / "site" / "submissions" / f"{slug}.html").read_text(encoding="utf-8")
    return text_of(re.search(r'<p class="lead">.*?</p>', page, re.DOTALL).group())


def test_other_wording_seed_or_data_never_share_a_ranking(tmp_path):
    folder = tmp_path / "submissions"
    submit(folder / "low", 20)
    submit(folder / "high", 40)
    submit(folder / "official-low", 50, instructions=OFFICIAL_DIGEST)
    submit(folder / "official-high", 60, instructions=OFFICIAL_DIGEST)
    submit(folder / "own-set", 70, instructions=SET)
    submit(folder / "own-set-and-seed", 75, instructions=SET, seed=5)
    submit(folder / "seed", 80, seed=5)
    submit(folder / "real", 85, world="official")
    submit_on(folder / "data", 90, OTHER_DATA)
    found = tables(folder)
    [other] = [title for title in found if "other data or cards" in title]
    assert re.fullmatch(r"Mini world, other data or cards [0-9a-f]{8}", other)
    assert [*found.items()] == [
        ("Official data", [("real", 1)]),
        ("Mini world", [("high", 1), ("low", 2)]),
        (other, [("data", 1)]),
        ("Mini world, seed 5", [("seed", 1)]),
        ("Mini world, official wording of MultiInstruct 1.0", [("official-high", 1), ("official-low", 2)]),
        ("Mini world, instruction set 01234567", [("own-set", 1)]),
        ("Mini world, instruction set 01234567, seed 5", [("own-set-and-seed", 1)]),
    ]
    page = build(tmp_path)
    sections = re.findall(r'<section class="board" id="([^"]+)".*?<h2>(.*?)</h2>(.*?)</section>', page, re.DOTALL)
    assert [title for _, title, _ in sections] == [*found]
    assert [name for name, _, _ in sections] == [board.name for board in boards_of(folder)]
    for _, title, html in sections:
        assert html.count("<table") == 1
        slugs = re.findall(r'<a href="submissions/([^"]+)\.html">', html)
        assert slugs == [slug for slug, _ in found[title]]
        first = title in {"Official data", "Mini world"}
        assert ("aggregates do not compare with those of the other tables" in html) == (not first)


@pytest.mark.parametrize(("usual", "other"), [(1, 2), (2, 1)])
def test_the_data_of_most_submissions_are_the_usual_ones(tmp_path, usual, other):
    folder = tmp_path / "submissions"
    for number in range(usual):
        submit(folder / f"one-{number}", 20)
    for number in range(other):
        submit_on(folder / f"two-{number}", 30, OTHER_DATA)
    submit_on(folder / "asked-otherwise", 30, OTHER_DATA, instructions=OFFICIAL_DIGEST)
    first, second, third = tables(folder).items()
    assert first[0] == "Mini world"
    assert {slug[:3] for slug, _ in first[1]} == {"one" if usual > other else "two"}
    assert "other data" in second[0]
    assert ("other data" in third[0]) == (usual > other)


def test_one_task_of_other_data_makes_another_table(tmp_path):
    folder = tmp_path / "submissions"
    submit(folder / "usual", 20)
    submit(folder / "usual-too", 20)
    data = {task: card.digest for task, card in CARDS.items()} | {"nlvr": "sha256:other"}
    submit_on(folder / "other", 30, data)
    assert [*tables(folder).values()] == [[("usual", 1), ("usual-too", 1)], [("other", 1)]]


def test_one_changed_card_makes_another_table(tmp_path):
    folder = tmp_path / "submissions"
    submit(folder / "usual", 20)
    submit(folder / "usual-too", 20)
    place = folder / "changed"
    submit(place, 30)
    for name, key in (("submission.yaml", "cards:"), ("scores.json", '"cards":')):
        before, after = (place / name).read_text(encoding="utf-8").split(key)
        after = after.replace(CARDS["nlvr"].digest, "sha256:other", 1)
        (place / name).write_text(f"{before}{key}{after}", encoding="utf-8")
    assert [*tables(folder).values()] == [[("usual", 1), ("usual-too", 1)], [("changed", 1)]]


def test_an_unranked_submission_stands_with_its_wording_seed_and_data(tmp_path):
    folder = tmp_path / "submissions"
    submit(folder / "a", 20)
    submit(folder / "b", 30)
    submit_on(folder / "data", 30, OTHER_DATA)
    submit(folder / "short", 90, tasks=["nlvr"])
    submit_on(folder / "data-limited", 90, OTHER_DATA, limit=5)
    submit_on(folder / "unknown-limited", 90, OTHER_DATA | {"nlvr": "sha256:unknown"}, limit=5)
    submit(folder / "seed-limited", 90, seed=5, limit=5)
    assert [*tables(folder).values()] == [
        [("b", 1), ("a", 2), ("short", None), ("unknown-limited", None)],
        [("data", 1), ("data-limited", None)],
        [("seed-limited", None)],
    ]
    assert "Mini world, seed 5" in tables(folder)


def test_a_world_of_other_wording_only_has_no_plain_table(tmp_path):
    submit(tmp_path / "submissions" / "one", 20, instructions=SET)
    page = build(tmp_path)
    assert "<h2>Mini world</h2>" not in page
    assert "<h2>Mini world, instruction set 01234567</h2>" in page


def test_a_page_tells_wording_and_seed(tmp_path):
    folder = tmp_path / "submissions"
    submit(folder / "plain", 20)
    submit(folder / "official", 20, instructions=OFFICIAL_DIGEST, own_words=("nlvr", "text_vqa"), seed=7)
    submit(folder / "own", 20, instructions=SET, own_words=("nlvr",), limit=5)
    build(tmp_path)
    assert lead(tmp_path, "plain") == "Mini world, builtin wording, seed 0"
    wording = "official wording of MultiInstruct 1.0"
    assert lead(tmp_path, "official") == f"Mini world, {wording}, seed 7, 2 tasks in the cards' own words"
    asked = "Mini world, instruction set 01234567, seed 0, 1 task in the cards' own words, 5 rows each"
    assert lead(tmp_path, "own") == f"{asked}, not ranked"
    page = (tmp_path / "site" / "submissions" / "official.html").read_text(encoding="utf-8")
    assert "<dd><bdi>nlvr, text_vqa</bdi></dd>" in page


def test_building_tells_of_more_than_one_table(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="mibench")
    submit(tmp_path / "submissions" / "one", 20)
    build(tmp_path)
    assert caplog.messages == []
    submit(tmp_path / "submissions" / "two", 20, seed=5)
    build(tmp_path)
    [message] = caplog.messages
    assert message.startswith("2 tables, ranked apart")
