"""The answers, one by one."""

import json
import re

import pytest

from mibench.data.store import DataFolder
from mibench.metrics.accuracy import normalise

PAGE = 20
BOTH = "model=steady&with=brittle&task=nlvr"


@pytest.fixture
def go(shared):
    """A function that leads to the answers of an address."""

    def to(address):
        shared.goto(f"answers.html#{address}")
        shared.evaluate("new Promise(requestAnimationFrame)")
        return shared

    return to


def shown(page):
    """Return the numbers of the rows on the page, once they are there."""
    page.locator("#results[aria-busy=false]").wait_for()
    return [int(title.replace(",", "").split()[1]) for title in page.locator("#rows h3").all_inner_texts()]


def filtered(page, name):
    page.get_by_role("group", name="Rows").get_by_label(name).check()
    return shown(page)


def count_of(page, name):
    """Return how many rows a filter says that it keeps."""
    text = page.get_by_role("group", name="Rows").locator("label", has_text=name).inner_text()
    return int(re.search(r"([\d,]+)$", text.strip())[1].replace(",", ""))


@pytest.fixture(scope="module")
def given(sample):
    """A function that returns a submission's five answers to each row of NLVR, in the order of the rows."""
    rows = list(DataFolder(sample / "world").instances("nlvr"))

    def answers(slug):
        found = {row.id: [None] * 5 for row in rows}
        for line in (sample / "submissions" / slug / "predictions" / "nlvr.jsonl").read_text().splitlines():
            answer = json.loads(line)
            found[answer["instance"]][answer["instruction"] - 1] = answer["prediction"]
        return [(row, found[row.id]) for row in rows]

    return answers


def test_a_row_shows_what_was_asked_and_answered(go, given):
    page = go("model=brittle&task=nlvr")
    assert shown(page) == list(range(1, PAGE + 1))
    row, answers = given("brittle")[0]
    article = page.locator("#rows article").first
    assert row.id in article.inner_text()
    assert row.fields["text"] in article.locator(".answers-prompt").inner_text()
    assert article.locator("tbody .foreign").all_inner_texts() == answers
    marks = article.locator("tbody .mark:not(.mark-format)").all_inner_texts()
    assert [mark.split(maxsplit=1)[1] for mark in marks] == [
        "right" if answer in row.targets else "wrong" for answer in answers
    ]
    picture = article.locator("img")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth > 0)")


def test_filters_keep_the_rows_that_they_name(go, given):
    page = go("model=brittle&task=nlvr")
    shown(page)
    right = [[answer in row.targets for answer in answers] for row, answers in given("brittle")]
    alike = [len(set(map(normalise, answers))) == 1 for _, answers in given("brittle")]
    expected = {
        "Wordings disagree": [number for number, same in enumerate(alike, 1) if not same],
        "All wrong": [number for number, found in enumerate(right, 1) if not any(found)],
        "All right": [number for number, found in enumerate(right, 1) if all(found)],
    }
    for name, rows in expected.items():
        assert filtered(page, name) == rows[:PAGE]
        assert count_of(page, name) == len(rows)
    assert filtered(page, "All right")


def test_answers_that_are_no_option_are_told(go):
    page = go("model=talkative&task=nlvr&filter=format")
    assert len(shown(page)) == PAGE
    assert page.locator("#rows article").first.locator(".mark-format").count() == 5


def test_two_models_stand_side_by_side(go, given):
    page = go(BOTH)
    shown(page)
    assert page.locator("#rows article").first.locator("thead th").all_inner_texts()[1:] == [
        "Answer of Steady 7B",
        "Answer of Brittle 70B",
    ]
    marks = [[[text in row.targets for text in texts] for row, texts in given(slug)] for slug in ("steady", "brittle")]
    differ = [number for number, (one, other) in enumerate(zip(*marks, strict=True), 1) if one != other]
    assert filtered(page, "The two differ") == differ[:PAGE]


def test_pages_follow_each_other(go):
    page = go("model=steady&task=nlvr")
    assert shown(page)[0] == 1
    assert page.get_by_role("button", name="Previous").first.is_disabled()
    page.get_by_role("button", name="Next").first.click()
    page.get_by_role("heading", name="Row 21", exact=True).wait_for()
    assert shown(page) == list(range(PAGE + 1, 2 * PAGE + 1))
    page.wait_for_url("**page=2**")
    page.get_by_role("button", name="Previous").last.click()
    page.get_by_role("heading", name="Row 1", exact=True).wait_for()
    page.wait_for_url(lambda address: "page" not in address)


def test_a_row_is_found_by_number_and_by_id(go, given):
    page = go("model=steady&task=nlvr")
    shown(page)
    field = page.get_by_label("Row, by number or id")
    field.fill("77")
    field.press("Enter")
    page.get_by_role("heading", name="Row 77", exact=True).wait_for()
    assert page.evaluate("document.activeElement.id") == "row-77"
    field.fill(given("steady")[4][0].id)
    field.press("Enter")
    page.locator("article.chosen", has=page.get_by_role("heading", name="Row 5", exact=True)).wait_for()
    field.fill("<b>no such row</b>")
    field.press("Enter")
    page.get_by_text("No row here is called").wait_for()
    assert "<b>no such row</b>" in page.locator("#message").inner_text()


def test_an_address_brings_a_view_back(go, visit):
    page = go("model=brittle&task=nlvr")
    filtered(page, "Wordings disagree")
    page.get_by_role("group", name="Prompt in wording").get_by_label("3").check()
    shown(page)
    page.get_by_role("button", name="Next").first.click()
    page.get_by_text("Page 2 of").first.wait_for()
    again = visit(page.url.rpartition("/")[2])
    assert shown(again) == shown(page)
    assert again.locator("#rows").inner_text() == page.locator("#rows").inner_text()


def test_unknown_names_in_the_address_are_told_as_text(go):
    for address, told in (
        ("model=nobody", "no answers of a model that is called nobody"),
        ("model=steady&task=unknown", "no answers here to a task that is called unknown"),
        ("model=steady&task=nlvr&with=nobody", "no answers of a model that is called nobody"),
        ("model=steady&task=nlvr&with=two-tasks", "was not asked the same questions"),
        ("model=__proto__&task=constructor", "no answers of a model that is called __proto__"),
        ("model=steady&task=constructor", "no answers here to a task that is called constructor"),
        ("model=../../x&task=..", "no answers of a model that is called ../../x"),
        ("model=%3Cimg%20src=x%20onerror=alert(1)%3E", "<img src=x onerror=alert(1)>"),
        ("model=%E2%80%AEevil", "evil"),
    ):
        page = go(address)
        page.locator("#message .note", has_text=told).wait_for()
        assert page.locator("main img:visible").count() == 0


def test_nonsense_in_the_address_shows_rows_all_the_same(go):
    for rest in ("page=999999", "page=-1", "row=1e9", "filter=__proto__", "filter=differ", "wording=9"):
        assert shown(go(f"model=steady&task=nlvr&{rest}"))
