"""A browser, and pages that tolerate no fault."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.leaderboard.browser.watched import Watch

PATIENCE = 20_000
"""Milliseconds that a page may take on a busy machine before a test gives up."""


@pytest.fixture(scope="package")
def chromium():
    """The browser. It is closed after these tests, for its event loop would hinder those of others."""
    api = pytest.importorskip("playwright.sync_api", reason="no browser tests: playwright is not installed")
    place = os.environ.get("MIBENCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not place:
        pytest.skip("no browser tests: no Chromium on the path, and MIBENCH_CHROMIUM names none")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=arguments)
        yield browser
        browser.close()


@contextmanager
def opening(chromium, site):
    """Give a function that opens pages, and in the end complain of what they did that no page should do."""
    contexts, watches = [], []

    def open_page(place="index.html", at=site, width=1280, **options):
        root = at.as_uri() if isinstance(at, Path) else at
        context = chromium.new_context(base_url=f"{root}/", viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page, root))
        page.goto(place)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [fault for watch in watches for fault in watch.faults] == []


@pytest.fixture
def visit(chromium, site):
    """Return a function that opens a page; whatever a page does that it should not fails the test.

    The function takes the page's place in the site, as `tasks.html#sort=name`, and options of a browser context, as
    `color_scheme` and `java_script_enabled`; a site elsewhere, on the disk or served, is given as `at`.
    """
    with opening(chromium, site) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def shared(chromium, site):
    """A page that the tests of a module share, for a new one takes a second; each goes where it wants to be."""
    with opening(chromium, site) as open_page:
        yield open_page("index.html")


@pytest.fixture
def keep(request):
    """Return a function that keeps a picture of a page where MIBENCH_SCREENSHOTS names a folder for them."""
    folder = os.environ.get("MIBENCH_SCREENSHOTS")

    def take(page, name, **options):
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", **options)

    return take
