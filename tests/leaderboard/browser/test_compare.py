"""The page that compares models."""

import re
from urllib.parse import unquote

import pytest


@pytest.fixture
def go(shared):
    """A function that leads to the comparison of an address."""

    def to(address):
        shared.goto(f"compare.html#{address}")
        shared.evaluate("new Promise(requestAnimationFrame)")
        return shared

    return to


def heading(page):
    page.locator("#compare h2", has_text=re.compile("Overall|do not compare")).wait_for()


def test_three_models_are_compared(go):
    page = go("models=steady,brittle,always-yes")
    heading(page)
    table = page.locator("table.compare-overall")
    assert table.locator("th[scope=row] a").all_inner_texts() == ["Steady 7B", "Brittle 70B", "Always yes"]
    assert page.locator("table.compare-matrix tbody tr").count() == 3
    assert "not told apart" in page.locator("table.compare-matrix").inner_text()
    assert page.locator(".compare-pair").count() == 3


def test_the_tasks_on_which_the_order_flips_are_told_with_their_wordings(go):
    page = go("models=steady,brittle")
    heading(page)
    flips = page.locator("section", has=page.get_by_role("heading", name="Where the order flips by wording"))
    assert re.search(
        r"Wordings? [\d, and]+ puts? A above by .*; wordings? [\d, and]+ puts? B above", flips.inner_text()
    )
    assert flips.locator("q").first.text_content()


def test_models_are_added_and_removed(go):
    page = go("models=steady")
    page.get_by_text("Choose two models or more").wait_for()
    page.get_by_label("Add a model").fill("brittle")
    page.get_by_role("button", name="Add Brittle 70B", exact=True).click()
    heading(page)
    assert page.url.endswith("#models=steady,brittle") or page.url.endswith("#models=steady%2Cbrittle")
    page.get_by_role("button", name="Remove Steady 7B", exact=True).click()
    page.get_by_text("Choose two models or more").wait_for()


def test_five_are_the_most(go):
    page = go("models=steady,steady-again,brittle,always-yes,talkative,one-task")
    page.get_by_text("Five at most").wait_for()
    heading(page)


def test_models_of_different_tables_do_not_compare(go):
    page = go("models=steady,photographs,brittle-seed")
    page.get_by_role("heading", name="These do not compare").wait_for()
    text = page.locator("#compare").inner_text()
    assert "official data" in text
    assert "another seed" in text


def test_unknown_names_in_the_address_are_told_as_text(go):
    for name in ("nobody", "__proto__", "%3Cimg%20src=x%20onerror=alert(1)%3E", "../../x"):
        page = go(f"models={name},steady")
        page.locator("#compare .note", has_text=unquote(name)).wait_for()
        assert page.locator("main img").count() == 0


def test_without_an_address_the_two_best_are_compared(go):
    page = go("")
    heading(page)
    assert page.locator("table.compare-overall tbody tr").count() == 2
