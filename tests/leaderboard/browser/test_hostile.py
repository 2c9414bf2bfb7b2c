"""A browser on a site with a hostile submission: it shows texts, and does nothing else."""

import json
import shutil

import pytest

from tests.leaderboard.browser.conftest import opening
from tests.leaderboard.hostile import IMITATION, MARK, TEXTS, acknowledge, hostile_submission
from tests.leaderboard.sample import build

TRACES = f"{MARK}, [{MARK}], [name={MARK}], [onerror], [onload], [onmouseover], [onfocus], [autofocus], iframe, base"
PLACES = (
    "index.html",
    "submissions/guest.html",
    "tasks/nlvr.html",
    "answers.html#model=guest&with=steady&task=nlvr",
    "answers.html#model=guest&task=task190_snli_classification",
    "compare.html#models=guest,steady",
    "changes.html",
)
LONG = "Once upon a time <b>\u202e</b> " * 30_000


@pytest.fixture(scope="module")
def guest(sample, tmp_path_factory):
    """A site with a submission that has all hostile texts, and as answers to NLVR each of them, and a very long one."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(sample / "submissions" / "steady", folder / "submissions" / "steady")
    guest = folder / "submissions" / "guest"
    hostile_submission(sample, guest, "\n".join(TEXTS.values())[:1000])
    answers = [*TEXTS.values(), IMITATION * 20, LONG]
    file = guest / "predictions" / "nlvr.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for line, answer in zip(lines, answers, strict=False):
        line["prediction"] = answer
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    acknowledge(guest, sample)
    build(folder / "submissions", folder / "site", sample)
    return folder / "site"


@pytest.fixture(scope="module")
def page(chromium, guest):
    with opening(chromium, guest) as open_page:
        yield open_page(width=390)


@pytest.mark.parametrize("place", PLACES)
def test_it_shows_texts_and_does_nothing_else(page, keep, place):
    page.goto(place)
    page.wait_for_load_state("networkidle")
    page.locator("[aria-busy=true]").wait_for(state="detached")
    assert page.locator(TRACES).count() == 0
    addresses = page.locator("[href], [src]").evaluate_all(
        "all => all.map((one) => one.href?.baseVal ?? one.href ?? one.src)"
    )
    assert {address.partition(":")[0] for address in addresses} <= {"file", "https"}
    assert not [address for address in addresses if "evil" in address]
    assert MARK in page.locator("html").inner_html()
    assert page.locator("nav.site a").count() == 6
    assert page.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")
    keep(page, f"hostile-{place.partition('.')[0].replace('/', '-')}", full_page=True)


def test_an_answer_that_imitates_the_page_stands_in_a_block_of_its_own(page):
    page.goto("answers.html#model=guest&task=nlvr")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.locator("#results[aria-busy=false]").wait_for()
    block = page.locator("tbody .foreign", has_text="mibench leaderboard").first
    assert block.inner_text().startswith("</q></li>")
    style = block.evaluate(
        "one => { const s = getComputedStyle(one); return [s.borderLeftStyle, s.overflowX, s.direction]; }"
    )
    assert style[0] == "solid"
    assert page.locator("h1").count() == 1


def test_a_very_long_answer_is_folded(page):
    page.goto("answers.html#model=guest&task=nlvr&row=5")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.locator("#results[aria-busy=false]").wait_for()
    block = page.locator("tbody .foreign", has_text="Once upon a time")
    assert block.bounding_box()["height"] < 600
    assert len(block.inner_text()) < 5000
    assert "characters" in block.locator("xpath=..").inner_text()
    assert "⟨U+202E⟩" in block.inner_text()
