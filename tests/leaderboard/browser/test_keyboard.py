"""Everything can be reached and done by keys, and one sees where one is."""

FOCUSED = "document.activeElement"
SEEN = """() => {
    const one = document.activeElement;
    const shown = (each) => {
        const style = getComputedStyle(each);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
    };
    return [one, one.parentElement, one.nextElementSibling].some((each) => each && shown(each));
}"""


def tab_to(page, found, most=200):
    """Press the tab key until the focus is where a condition on the element `one` holds."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"(() => {{ const one = {FOCUSED}; return {found}; }})()"):
            assert page.evaluate(SEEN), page.evaluate(f"{FOCUSED}.outerHTML.slice(0, 200)")
            return
    raise AssertionError(f"the tab key never leads to {found}")


def test_the_front_page_is_worked_by_keys_alone(shared):
    page = shared
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUSED}.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    tab_to(page, "one.name === 'weights'")
    page.keyboard.press("o")
    page.wait_for_url("**weights=open**")
    tab_to(page, "one.name === 'find'")
    page.keyboard.type("steady")
    tab_to(page, "one.name === 'score'")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**score=best**")
    tab_to(page, "one.matches('.columns summary')")
    page.keyboard.press("Enter")
    tab_to(page, "one.type === 'checkbox' && one.value === 'nlvr'")
    page.keyboard.press("Space")
    page.wait_for_url("**hide=nlvr**")
    tab_to(page, "one.closest('#mini th[data-c=sensitivity]')")
    page.keyboard.press("Enter")
    assert page.locator("#mini th[data-c=sensitivity]").get_attribute("aria-sort") == "ascending"
    for slug in ("steady", "steady-again"):
        tab_to(page, f"one.type === 'checkbox' && one.closest('[id=\"row={slug}\"]')")
        page.keyboard.press("Space")
    tab_to(page, "one.textContent === 'Compare them'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare.html#models=*")
    page.locator("table.compare-overall").wait_for()


def test_every_stop_of_the_tab_key_is_seen(shared):
    page = shared
    for place in (
        "index.html",
        "answers.html#model=brittle&task=nlvr&filter=wrong",
        "compare.html#models=steady,brittle",
    ):
        page.goto(place)
        page.wait_for_load_state("networkidle")
        stops = []
        for _ in range(40):
            page.keyboard.press("Tab")
            stops.append(page.evaluate(f"[({SEEN})(), {FOCUSED}.outerHTML.slice(0, 120)]"))
        assert [stop for seen, stop in stops if not seen and not stop.startswith("<body")] == []


def test_the_answers_are_worked_by_keys_alone(shared):
    page = shared
    page.goto("answers.html#model=brittle&task=nlvr")
    page.locator("#results[aria-busy=false]").wait_for()
    page.evaluate("document.querySelector('h1').scrollIntoView()")
    page.locator("body").press("Home")
    tab_to(page, "one.name === 'filter'")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**filter=disagree**")
    tab_to(page, "one.name === 'wording'")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**wording=2**")
    tab_to(page, "one.dataset.step === '1'")
    page.keyboard.press("Enter")
    page.wait_for_url("**page=2**")
    page.get_by_text("Page 2 of").first.wait_for()
