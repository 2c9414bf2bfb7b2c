"""The page about attention."""

import re

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.analysis.asking import Example, analyse
from mibench.analysis.attention import AttentiveOFA, Look, Question, ReadText
from mibench.analysis.heat import patches, stretches
from mibench.analysis.page import check_output, write_pages
from mibench.analysis.regions import FIELDS, INSTRUCTION, REGIONS
from mibench.analysis.shares import Tally, report
from mibench.cards import load_cards
from mibench.data.mini import prepare_mini
from mibench.errors import InputError
from tests.analysis.small_models import make_model
from tests.builders import make_data, request
from tests.leaderboard.hostile import MARK, TEXTS, Skeleton


def look(text="is it so?", starts=(0, 3, 6, 6), regions=(INSTRUCTION, FIELDS, FIELDS, FIELDS), **changes):
    """Return a look at two by two patches and a few tokens; the marks get 0.1."""
    positions = np.array([0.1, 0.0, 0.2, 0.1, 0.05, *[0.5 / max(len(starts), 1)] * len(starts), 0.05])
    known = {
        "question": Question(request(0, image="no.png", **changes.pop("request", {})), [], "g"),
        "answer": "yes",
        "grid": (2, 2),
        "shares": np.array([[[0.4, 0.1, 0, 0.4, 0.1]]]),
        "even": np.full(len(REGIONS), 0.2),
    }
    return Look(read=ReadText(text, starts, regions), positions=positions, **known | changes)


def test_tokens_that_share_a_character_are_one_stretch():
    found = stretches(look())
    assert [(one.text, one.region) for one in found] == [("is ", "instruction"), ("it ", "fields"), ("so?", "fields")]
    assert [one.share for one in found] == pytest.approx([0.125, 0.125, 0.25])
    assert [one.shade for one in found] == [0.5, 0.5, 1]


def test_patches_are_shaded_by_the_most_looked_at():
    cells, most = patches(look())
    assert most == pytest.approx(0.2)
    assert cells == [(0, 0, 0.5), (0, 1, 1.0), (1, 1, 0.5)]


def test_the_page_of_two_models_holds_charts_and_heat_maps(tmp_path):
    data, card = prepare_mini([load_cards()["nlvr"]]), load_cards()["nlvr"]
    models = {f"model-{seed}": AttentiveOFA(make_model(tmp_path / f"{seed}", seed), "cpu") for seed in (0, 1)}
    found, examples = analyse(models, [card], data, limit=3)
    site = tmp_path / "site"
    write_pages(site, found, examples, [card], data)
    page = (site / "index.html").read_text(encoding="utf-8")
    assert f"{found.hypothesis.statement}”: {found.hypothesis.verdict}" in page
    assert page.count('<p class="prompt">') == 2 * 5 * 2
    assert page.count('<svg class="picture"') == 2 * 5 * 2
    assert page.count('<svg class="grid"') == 2
    places = {place for place in Skeleton(page).links if place.startswith("pictures/")}
    assert (
        {place.relative_to(site).as_posix() for place in site.rglob("*.png")}
        == {*re.findall(r'<image href="([^"]*)"', page)}
        >= places
    )
    assert "<script" not in page
    write_pages(site, found, examples, [card], data)
    assert (site / "index.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_texts_are_escaped(tmp_path, text):
    data, card = make_data(tmp_path / "data", 1, ("nlvr",)), load_cards()["nlvr"]
    pages = []
    for said in (text, "plain"):
        asked = Question(request(0, instance=said), [], said)
        kept = look(said, (0, len(said) // 2), (INSTRUCTION, FIELDS), answer=said, question=asked)
        tallies = [Tally(), Tally()]
        for tally in tallies:
            tally.add(kept)
        told = report([said, f"{said} tuned"], {"nlvr": tallies}, {"nlvr": "seed"})
        site = tmp_path / str(len(pages))
        write_pages(site, told, {"nlvr": [Example(asked, [kept, kept])]}, [card], data)
        pages.append((site / "index.html").read_text(encoding="utf-8"))
    hostile, plain = map(Skeleton, pages)
    assert hostile.parts == plain.parts
    assert hostile.links == plain.links
    assert f"<{MARK}" not in pages[0]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="holds something else"):
        check_output(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        check_output(tmp_path / "letter.txt")
    check_output(tmp_path / "new")
