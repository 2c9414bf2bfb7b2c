"""The check-list in docs/leaderboard-questions.md: the pages answer each question, along the path told there."""

from pathlib import Path

import pytest

from mibench.cards import load_cards
from mibench.data.store import DataFolder

DOCUMENT = Path(__file__).parents[3] / "docs" / "leaderboard-questions.md"


@pytest.fixture
def front(shared):
    shared.goto("index.html")
    return shared


def verdict(page, question):
    """Return the answer that stands below a question on the board of the mini world."""
    return page.locator("#mini dl.verdicts > div", has=page.locator("dt", has_text=question))


def test_the_document_lists_five_questions():
    rows = [line.split("|") for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    assert [row[1].strip() for row in rows[1:]] == list("12345")
    assert all(cell.strip() for row in rows[1:] for cell in row[1:-1])


def test_1_which_model_is_best_and_is_that_certain(front, keep):
    told = verdict(front, "Which model is best, and is that certain?")
    assert "First place is shared" in told.inner_text()
    assert {"Steady 7B", "Steady 7B, run again", "Brittle 70B"} <= set(told.locator("a").all_inner_texts())
    row = front.locator("[id='row=steady'] td").first.inner_text()
    assert row.split()[0] == "1="
    assert "1–3" in row
    told.scroll_into_view_if_needed()
    keep(front, "question-1")


def test_2_which_is_least_sensitive_and_does_that_mean_good(front, keep):
    told = verdict(front, "Which is least sensitive, and is that good?")
    assert "Steady 7B" in told.inner_text()
    assert "chance" in told.inner_text()
    told.scroll_into_view_if_needed()
    keep(front, "question-2")


def test_3_what_was_asked_exactly(front, keep):
    front.locator("#mini").get_by_role("link", name="About NLVR", exact=True).click()
    asked = front.locator("section", has=front.get_by_role("heading", name="What is asked", exact=True))
    shown = [" ".join(text.split()) for text in asked.locator("ol.wordings > li").all_inner_texts()]
    for text, words in zip(shown, load_cards()["nlvr"].instructions, strict=True):
        assert text.startswith(" ".join(words.split()))
    assert front.locator("#examples figure img").first.evaluate("one => one.decode().then(() => one.naturalWidth > 0)")
    keep(front, "question-3")


def test_4_what_did_this_model_answer_on_this_picture(front, sample, keep):
    front.locator("#mini table").get_by_role("link", name="Brittle 70B", exact=True).click()
    front.get_by_role("link", name="NLVR", exact=True).click()
    front.get_by_role("link", name="Answers to NLVR").click()
    front.locator("#results[aria-busy=false]").wait_for()
    row = front.locator("#rows article").first
    first = next(DataFolder(sample / "world").instances("nlvr"))
    assert first.fields["text"] in row.locator(".answers-prompt").inner_text()
    assert row.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth > 0)")
    assert row.locator("tbody .foreign").count() == 5
    assert row.locator("tbody .mark").count() >= 5
    keep(front, "question-4")


def test_5_how_do_i_add_mine(front, keep):
    front.locator("nav.site").get_by_role("link", name="Add yours").click()
    steps = front.locator("ol.steps > li")
    assert steps.count() == 5
    text = front.locator("main").inner_text()
    for command in ("mibench run", "mibench submit", "mibench validate", "mibench leaderboard check", "git"):
        assert command in text
    keep(front, "question-5", full_page=True)
