"""The tables of the front page, worked with as a reader does."""

import re

import pytest

MINI = "section#mini"
STEADY = ["Steady 7B", "Steady 7B, run again"]


@pytest.fixture
def front(shared):
    """The front page as it is when it is opened."""
    shared.goto("index.html#")
    shared.evaluate("new Promise(requestAnimationFrame)")
    shared.locator("details.columns").evaluate("one => { one.open = false; }")
    return shared


def names(page, body="tbody:not(.partial)", board=MINI):
    return page.locator(f"{board} {body} tr:not(.group) th[scope=row] > a").all_inner_texts()


def column(page, name, board=MINI):
    """Return the numbers of a column as shown, those of ranked models."""
    heads = page.locator(f"{board} thead th").evaluate_all("all => all.map((one) => one.dataset.c)")
    place = heads.index(name) + 1
    cells = page.locator(f"{board} tbody:not(.partial) tr > :nth-child({place})").all_inner_texts()
    return [float(found[0]) if (found := re.match(r"[\d.]+", cell)) else cell for cell in cells]


def head(page, name, board=MINI):
    return page.locator(f"{board} th[data-c={name}]")


def test_ranks_tell_ties_and_what_is_not_complete(front):
    assert set(names(front)) == {*STEADY, "Brittle 70B", "Always yes"}
    ranks = dict(
        zip(names(front), front.locator(f"{MINI} tbody:not(.partial) td:first-child").all_inner_texts(), strict=True)
    )
    assert re.match(r"\d=", ranks[STEADY[0]])
    assert ranks[STEADY[0]].split()[0] == ranks[STEADY[1]].split()[0]
    assert "=" not in ranks["Brittle 70B"]
    assert names(front, "tbody.partial") == ["One task", "Talkative"]
    for board in ("section#official", "section#mini-seed5"):
        assert not {*names(front, board=board)} & {*STEADY, "Brittle 70B"}


def test_a_column_of_scores_sorts_by_them(front):
    for name in ("aggregate", "best", "nlvr", "nlp"):
        button = head(front, name).get_by_role("button")
        button.click()
        assert head(front, name).get_attribute("aria-sort") == "descending"
        assert column(front, name) == sorted(column(front, name), reverse=True)
        button.click()
        assert head(front, name).get_attribute("aria-sort") == "ascending"
        assert column(front, name) == sorted(column(front, name))
        assert front.locator(f"{MINI} th[aria-sort]").count() == 1


def test_names_ranks_and_sensitivity_sort_upwards_first(front):
    for name in ("model", "sensitivity", "rank"):
        head(front, name).get_by_role("button").click()
        assert head(front, name).get_attribute("aria-sort") == "ascending"
        found = [one.lower() for one in names(front)] if name == "model" else column(front, name)
        assert found == sorted(found, key=lambda value: (isinstance(value, str) and name != "model", value))


def test_filters_leave_what_passes_and_say_so(front):
    front.get_by_label("Weights").select_option("open")
    assert names(front) == STEADY
    front.wait_for_url("**weights=open**")
    assert "models" in front.locator(f"{MINI} [role=status]").inner_text()
    front.get_by_label("Weights").select_option("closed")
    assert names(front) == ["Brittle 70B"]
    front.get_by_label("Size of model").select_option(label="not stated")
    assert names(front) == []
    assert "No model passes" in front.locator(f"{MINI} [role=status]").inner_text()
    front.get_by_role("button", name="Reset").click()
    assert len(names(front)) == 4
    front.get_by_label("Find").fill("BRITTLE")
    assert names(front) == ["Brittle 70B"]


def test_the_switch_shows_best_and_worst_wordings(front):
    mean = column(front, "nlvr")
    front.get_by_label("best wording", exact=True).check()
    best = column(front, "nlvr")
    front.get_by_label("worst wording", exact=True).check()
    worst = column(front, "nlvr")
    assert all(low <= middle <= high for low, middle, high in zip(worst, mean, best, strict=True))
    assert best != mean != worst
    front.get_by_label("mean", exact=True).check()
    assert column(front, "nlvr") == mean


def test_a_column_can_be_hidden(front):
    front.get_by_text("Columns", exact=True).click()
    front.get_by_role("group", name="Shown").get_by_label("NLP").uncheck()
    assert not head(front, "nlp").is_visible()
    assert front.locator(f"{MINI} tbody tr:not(.group)").first.locator("td:visible, th:visible").count() == (
        front.locator(f"{MINI} thead th:visible").count()
    )
    front.wait_for_url("**hide=nlp**")


def test_one_task_can_be_looked_at_alone(front):
    front.locator("#view select[name=tasks]").select_option("nlvr")
    assert head(front, "nlvr").is_visible()
    assert not head(front, "text_vqa").is_visible()
    assert column(front, "nlvr") == sorted(column(front, "nlvr"), reverse=True)


def test_an_address_brings_a_view_back(front, visit):
    front.get_by_label("worst wording", exact=True).check()
    front.get_by_text("Columns", exact=True).click()
    front.get_by_role("group", name="Shown").get_by_label("Best wording").uncheck()
    head(front, "sensitivity").get_by_role("button").click()
    front.get_by_label("Find").fill("steady")
    front.wait_for_url("**find=steady**")
    again = visit(front.url.rpartition("/")[2])
    for page in (front, again):
        assert names(page) == STEADY
        assert head(page, "sensitivity").get_attribute("aria-sort") == "ascending"
        assert not head(page, "best").is_visible()
    assert again.locator(f"{MINI} table").inner_text() == front.locator(f"{MINI} table").inner_text()
    assert again.get_by_label("worst wording", exact=True).is_checked()


def test_an_address_of_nonsense_shows_the_usual_view(visit, front):
    odd = visit(
        "index.html#sort=__proto__&score=constructor&tasks=%3Cb%3E&hide=toString,rank&size=%F0%9F&row=../../x&all=&find="
    )
    assert names(odd) == names(front)


def test_an_address_points_at_a_row(visit):
    page = visit("index.html#row=always-yes", width=390)
    row = page.locator("[id='row=always-yes']")
    assert row.evaluate("one => one.classList.contains('here')")
    box, height = row.bounding_box(), page.viewport_size["height"]
    assert 0 <= box["y"] < height


def test_models_are_chosen_and_compared(visit):
    front = visit()
    for name in ("Steady 7B", "Brittle 70B"):
        front.locator(MINI).get_by_label(f"Choose {name} to compare", exact=True).check()
    front.locator(MINI).get_by_role("link", name="Compare them", exact=True).click()
    front.get_by_role("heading", name="Overall").wait_for()
    assert front.url.endswith("compare.html#models=steady,brittle")
    table = front.locator("table.compare-overall")
    assert table.locator("th[scope=row] a").all_inner_texts() == ["Steady 7B", "Brittle 70B"]
