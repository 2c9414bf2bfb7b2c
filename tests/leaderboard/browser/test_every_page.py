"""What holds for every kind of page: it fits, it reads well by eye and by ear, and it keeps to itself."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

WIDTHS = (390, 1280, 1920)
PAGES = {
    "front": "index.html",
    "model": "submissions/talkative.html",
    "tasks": "tasks.html",
    "task": "tasks/nlvr.html",
    "answers": "answers.html#model=brittle&with=steady&task=nlvr&filter=wrong",
    "compare": "compare.html#models=steady,brittle",
    "changes": "changes.html",
    "add": "add.html",
}
"""One of each kind."""
MORE = {
    "model-complete": "submissions/steady.html",
    "model-official": "submissions/two-tasks.html",
    "task-of-boxes": "tasks/grounded_vqa.html",
    "task-of-language": "tasks/task190_snli_classification.html",
    "answers-all": "answers.html#model=steady&with=brittle&task=nlvr",
    "answers-of-boxes": "answers.html#model=brittle&task=grounded_vqa",
    "answers-nobody": "answers.html#model=nobody",
    "compare-three": "compare.html#models=steady,brittle,always-yes",
    "compare-apart": "compare.html#models=steady,photographs",
}
CONTROLS = "button, input, select, textarea, [role=button], [role=switch], [role=checkbox], [tabindex='0'][role=link]"
TOO_WIDE = """() => {
    const { scrollWidth, clientWidth } = document.scrollingElement;
    if (scrollWidth <= clientWidth) return [];
    const clips = (one) => getComputedStyle(one).overflowX !== "visible";
    const contained = ({ parentElement }) => parentElement && (clips(parentElement) || contained(parentElement));
    const wide = (one) => one.getBoundingClientRect().right > clientWidth + 1 && !contained(one);
    const found = [...document.querySelectorAll("body *")].filter(wide);
    return [`${scrollWidth} > ${clientWidth}`, ...found.slice(0, 3).map((one) => one.outerHTML.slice(0, 100))];
}"""
PAPER = "getComputedStyle(document.body).backgroundColor"


def settle(page):
    """Wait until what a page loads is there."""
    page.wait_for_load_state("networkidle")
    page.locator("[aria-busy=true]").wait_for(state="detached")


def lightness(colour):
    return sum(map(float, colour.removeprefix("rgb(").removesuffix(")").split(",")))


@pytest.fixture(scope="package")
def axe(chromium):
    """A function that returns what axe-core finds wrong on a page."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()

    def find(page, **options):
        violations = axe.run(page, options={"preload": False, **options}).response["violations"]
        return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in violations]

    return find


def check_looks(page, axe, keep, name, place):
    """Check a page at each width, in the light and in the dark, and keep pictures of it."""
    page.emulate_media(color_scheme="light")
    page.goto(place)
    settle(page)
    assert page.locator("h1").count() == 1
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(TOO_WIDE) == [], width
        keep(page, f"{name}-{width}", full_page=True)
    light = page.evaluate(PAPER)
    assert axe(page) == []
    page.emulate_media(color_scheme="dark")
    assert lightness(page.evaluate(PAPER)) < 150 < 600 < lightness(light)
    keep(page, f"{name}-dark")
    assert axe(page, runOnly=["color-contrast"]) == []


@pytest.mark.parametrize(("name", "place"), PAGES.items(), ids=PAGES.keys())
def test_it_fits_and_reads_well(shared, axe, keep, name, place):
    check_looks(shared, axe, keep, name, place)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "place"), MORE.items(), ids=MORE.keys())
def test_others_of_its_kind_fit_and_read_well(shared, axe, keep, name, place):
    check_looks(shared, axe, keep, name, place)


def test_without_scripts_nothing_is_dead(visit):
    page = visit(java_script_enabled=False, width=390)
    for place in dict.fromkeys(place.partition("#")[0] for place in PAGES.values()):
        page.goto(place)
        dead = page.locator(f"main :is({CONTROLS}):visible")
        assert [one.evaluate("one => one.outerHTML.slice(0, 120)") for one in dead.all()] == [], place
        assert page.locator("h1").is_visible()
        assert page.locator("main table:visible, main p:visible, main li:visible").count()
        assert page.evaluate(TOO_WIDE) == [], place
    page.goto("index.html")
    assert page.locator("#mini tbody th[scope=row]").count() == 6
    assert page.get_by_text("need JavaScript").is_visible()


def test_on_paper_the_tables_remain(visit, keep):
    page = visit("index.html")
    page.emulate_media(media="print")
    assert page.locator("table th[scope=row] a").first.is_visible()
    for gone in ("nav.site", "form#view", ".skip"):
        assert not page.locator(gone).is_visible(), gone
    keep(page, "front-print", full_page=True)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def served(site):
    """The address of the site on a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_it_is_the_same_on_a_server(visit, served):
    from_disk, from_server = visit(), visit(at=served)
    for place in (PAGES["front"], PAGES["answers"]):
        shown = []
        for page in (from_disk, from_server):
            page.goto(place)
            settle(page)
            shown.append(page.locator("main").inner_text())
        assert shown[0] == shown[1]


@pytest.mark.slow
def test_every_page_leads_to_every_other(shared):
    page = shared
    page.goto("submissions/talkative.html")
    links = page.locator("nav.site a")
    for number in range(links.count()):
        name = links.nth(number).inner_text()
        links.nth(number).click()
        settle(page)
        assert page.locator("nav.site [aria-current=page]").inner_text() == name
