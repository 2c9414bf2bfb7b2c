import re
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.data.boxes import read_box
from mibench.data.prepare import published_rows
from mibench.data.store import DataFolder
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.charts import FEW, MARGIN, WIDTH, strip
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.examples import COUNT, write_examples
from mibench.leaderboard.metric_words import metric_name, metric_words
from mibench.leaderboard.sheet import make_sheet
from mibench.leaderboard.submission_part import Sources
from mibench.leaderboard.task_pages import _hardness, _verdict, write_task_pages
from mibench.leaderboard.task_rows import render_task_rows
from mibench.leaderboard.text import number
from tests.leaderboard.test_site import text_of

CARDS = load_cards()
SET = InstructionSet(name="ours", tasks={"nlvr": tuple(f"Way {n} to ask about {{text}}" for n in range(1, 6))})


@pytest.fixture(scope="module")
def sheets(sample):
    found = {}
    for folder in sorted((sample / "submissions").iterdir()):
        entry = read_entry(folder)
        sheet = make_sheet(entry, CARDS, {})
        rows = render_task_rows(entry, sheet, CARDS.values())
        found[folder.name] = msgspec.structs.replace(sheet, task_rows=rows)
    return found


@pytest.fixture(scope="module")
def pages(sheets, sample, tmp_path_factory):
    return write(sheets.values(), tmp_path_factory.mktemp("site"), {"mini": sample / "world"})


def write(sheets, site, data=(), sets=()):
    sources = Sources(cards=CARDS, data=dict(data), instructions={one.digest: one for one in sets})
    write_task_pages(make_boards(sheets), sources, site)
    return site


def read(site, task):
    return (site / "tasks" / f"{task}.html").read_text(encoding="utf-8")


def table(page, heading):
    """Return rank and address of each row of a board's table."""
    rows = page.split(f"<h3>{heading}</h3>")[1].split("</table>")[0].split("<tbody>")[1].split("<tr")[1:]
    return [(re.search(r'figure">([^<]*)', row)[1], re.search(r"submissions/([\w-]+)\.html", row)[1]) for row in rows]


def test_models_are_ranked_by_this_task_alone(pages, sheets):
    page = read(pages, "nlvr")
    means = {slug: sheet.columns["nlvr"].mean for slug, sheet in sheets.items()}
    rows = table(page, "Mini world")
    ranked = [slug for rank, slug in rows if rank != "–"]
    assert ranked == sorted(("always-yes", "brittle", "steady", "steady-again"), key=lambda slug: (-means[slug], slug))
    assert {slug for rank, slug in rows if rank == "–"} == {"talkative", "one-task"}
    for rank, slug in rows[: len(ranked)]:
        assert int(rank) == 1 + sum(means[other] > means[slug] for other in ranked)
    assert len({rank for rank, slug in rows if slug.startswith("steady")}) == 1
    for slug, _ in ((slug, rank) for rank, slug in rows):
        assert f'<td class="figure strong">{number(means[slug])}<' in page


def test_tables_of_different_worlds_and_seeds_stand_apart(pages):
    page = read(pages, "nlvr")
    assert table(page, "Mini world, seed 5") == [("1", "brittle-seed")]
    assert [slug for _, slug in table(page, "Official data")] == ["photographs", "two-tasks"]


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_the_page_holds_the_card(pages, card):
    page = read(pages, card.name)
    text = text_of(page)
    for told in (card.description, card.source.license, card.source.citation, card.source.dataset, *card.instructions):
        assert " ".join(told.split()) in text
    assert not card.notes or " ".join(card.notes.split()) in text
    assert f'<a href="{card.source.homepage}" rel="nofollow noreferrer">' in page
    assert f"task_cards/{card.suite}/{card.name}.yaml" in page
    assert metric_words(card.primary_metric) in text
    for name, meaning in card.fields.items():
        assert f"{{{name}}}{' '.join(meaning.split())}" in text


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_examples_differ_and_hold_the_right_answer(sample, tmp_path, card):
    data = DataFolder(sample / "world")
    examples = write_examples(card, data, tmp_path)
    assert [example.wording for example in examples] == [*range(1, COUNT + 1)]
    assert len({example.prompt for example in examples}) == COUNT
    for example in examples:
        assert [option.text for option in example.options if option.right] == [
            target for target in example.targets if example.options
        ]
        assert [example.prompt.find(option.text) for option in example.options] == sorted(
            example.prompt.find(option.text) for option in example.options
        ) or card.answer.kind != "region"
        assert (example.picture is not None) == (card.suite == "multimodal")
        if example.picture:
            copied, name = tmp_path / example.picture.place, example.picture.place.rsplit("/", 1)[1]
            assert copied.read_bytes() == (data.folder(card.name) / "images" / name).read_bytes()


def test_boxes_are_drawn_where_they_are(sample, tmp_path):
    data = DataFolder(sample / "world")
    for example in write_examples(CARDS["grounded_vqa"], data, tmp_path):
        shapes = {shape.label: shape for shape in example.picture.shapes}
        for option in example.options:
            assert shapes[option.label].box == read_box(option.text)
            assert shapes[option.label].right == option.right
    names = [shape.label for shape in write_examples(CARDS["commonsense_vqa"], data, tmp_path)[0].picture.shapes]
    assert names[0] == "person 1"


def test_pictures_stand_on_the_page_and_official_ones_do_not(pages):
    page = read(pages, "nlvr")
    places = re.findall(r'<img src="\.\./([^"]+)"', page)
    assert len(places) == COUNT
    assert all((pages / place).is_file() for place in places)
    assert "they belong to their owners (CC-BY-4.0)" in text_of(page)
    assert "from the mini world" not in text_of(read(pages, "nlvr"))


def test_without_data_there_are_no_examples(sheets, tmp_path):
    write(sheets.values(), tmp_path)
    assert "built without the mini world" in read(tmp_path, "nlvr")
    assert not (tmp_path / "pictures").exists()


def test_without_submissions_there_are_cards(tmp_path):
    write([], tmp_path)
    assert "No submissions yet." in read(tmp_path, "nlvr")


def test_other_words_are_shown_where_they_are_at_hand(sheets, tmp_path):
    other = msgspec.structs.replace(sheets["steady"], instructions=SET.digest)
    write([other], tmp_path)
    assert "whose words this site was built without" in text_of(read(tmp_path, "nlvr"))
    write([other], tmp_path, sets=[SET])
    page = text_of(read(tmp_path, "nlvr"))
    assert "Asked in other words than those above: instruction set" in page
    assert "Way 3 to ask about {text}" in page
    assert "built without, whose" not in page


FIVES = st.lists(st.lists(st.floats(0, 100), min_size=5, max_size=5), min_size=2, max_size=9)


@given(FIVES)
def test_every_model_has_a_hardest_and_an_easiest_wording(scores):
    found = list(_hardness(scores))
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert sum(one.worst for one in found) >= len(scores)
    assert sum(one.best for one in found) >= len(scores)
    for place, one in enumerate(found):
        column = [five[place] for five in scores]
        assert min(column) <= one.median <= max(column)
        assert MARGIN <= one.strip.low <= one.strip.first <= one.strip.median <= one.strip.third <= one.strip.high
        assert one.strip.high <= WIDTH - MARGIN


def test_the_wording_that_is_hard_for_all_is_named():
    found = list(_hardness([[50, 60, 40, 50, 50], [20, 34, 6, 20, 20], [80, 81, 79, 80, 80]]))
    assert [(one.worst, one.best, one.apart) for one in found] == [
        *((0, 0, 0), (0, 3, 10), (3, 0, -10), (0, 0, 0), (0, 0, 0)),
    ]
    told = _verdict(found)
    assert told.startswith("Wording 3 is the hardest: with it, half of the models score 10.00 points or more below")
    assert told.endswith("Wording 2 is the easiest.")
    assert "No wording is much harder" in _verdict(list(_hardness([[50, 50.2, 50, 50, 50]] * 2)))


def test_one_model_alone_says_nothing_on_wordings():
    assert list(_hardness([[50, 60, 40, 50, 50], [50, 60]])) == []
    assert _verdict([]) == ""


def test_scores_are_drawn_one_by_one_while_they_are_few():
    assert len(strip([50.0]).dots) == 1
    assert len(strip([50.0] * FEW).dots) == FEW
    assert strip([50.0] * (FEW + 1)).dots == []


def test_the_list_names_every_task_with_its_rows(pages):
    page = (pages / "tasks.html").read_text(encoding="utf-8")
    assert re.findall(r'href="tasks/(\w+)\.html"', page) != []
    assert set(re.findall(r'href="tasks/(\w+)\.html"', page)) == CARDS.keys()
    text = text_of(page)
    for card in CARDS.values():
        official = published_rows(card, "")
        row = text.split(card.description.strip())[1]
        assert metric_name(card.primary_metric) in row[:40]
        assert official is None or f"{official:,}" in text
        assert card.cluster in text


def test_links_resolve_within_the_pages(pages):
    for page in pages.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        for link in re.findall(r'href="#([^"]+)"', html):
            assert f'id="{unquote(link)}"' in html
        assert "<img" not in html or 'alt="' in html
