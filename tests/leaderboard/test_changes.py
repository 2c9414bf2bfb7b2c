from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest

from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.changes import FEED_ENTRIES, write_changes
from tests.leaderboard.sheets import make_sheet
from tests.leaderboard.test_site import text_of

ATOM = "{http://www.w3.org/2005/Atom}"
EVIL = "<script>alert(1)</script> &amp; ]]> \u202e \ufffe \x01"


def changes(folder, *sheets, **options):
    write_changes(make_boards(sheets), folder, **options)
    return (folder / "changes.html").read_text(encoding="utf-8")


def feed(folder):
    return ElementTree.parse(folder / "feed.xml").getroot()


def texts(parent, name):
    return [found.text for found in parent.iter(f"{ATOM}{name}")]


@pytest.fixture
def three():
    return [
        make_sheet("old", created="2026-01-31T12:00:00Z"),
        make_sheet("new", created="2026-03-01T00:00:00Z", seed=5),
        make_sheet("also-old", created="2026-01-31T12:00:00Z", complete=False),
    ]


def test_the_newest_comes_first_and_equal_times_go_by_name(tmp_path, three):
    page = text_of(changes(tmp_path, *three))
    order = [page.index(name) for name in ("2026-03-01", "Model new", "2026-01-31", "Model also-old", "Model old")]
    assert order == sorted(order)
    assert texts(feed(tmp_path), "title")[1:] == ["Model new", "Model also-old", "Model old"]


def test_each_stands_with_its_table_and_links(tmp_path, three):
    page = changes(tmp_path, *three)
    assert "Mini world, seed 5" in page
    assert page.count("not complete") == 1
    for slug in ("old", "new", "also-old"):
        assert f'href="submissions/{slug}.html"' in page
        assert f'href="index.html#row={slug}"' in page


def test_the_feed_has_what_atom_demands(tmp_path, three):
    changes(tmp_path, *three)
    root = feed(tmp_path)
    entries = root.findall(f"{ATOM}entry")
    assert root.tag == f"{ATOM}feed"
    assert root.find(f"{ATOM}author/{ATOM}name").text
    assert root.find(f"{ATOM}updated").text == "2026-03-01T00:00:00Z"
    assert [entry.find(f"{ATOM}updated").text[:10] for entry in entries] == ["2026-03-01", "2026-01-31", "2026-01-31"]
    identifiers = texts(root, "id")
    assert len({*identifiers}) == len(identifiers) == 4
    assert all(identifier.startswith("tag:") for identifier in identifiers)
    assert {link.get("rel") for link in root.findall(f"{ATOM}link")} == {"self", "alternate"}


def test_an_address_makes_links_whole(tmp_path, three):
    for address in ("https://example.org/board", "https://example.org/board/"):
        changes(tmp_path, *three, base_url=address)
        root = feed(tmp_path)
        base = "https://example.org/board/"
        places = ["feed.xml", "index.html", "submissions/new.html", "submissions/also-old.html", "submissions/old.html"]
        assert [link.get("href") for link in root.iter(f"{ATOM}link")] == [urljoin(base, place) for place in places]
        assert all(identifier.startswith(base) for identifier in texts(root, "id"))


def test_what_others_wrote_is_text(tmp_path):
    page = changes(tmp_path, make_sheet("evil", name=EVIL))
    shown = "<script>alert(1)</script> &amp; ]]> ⟨U+202E⟩ ⟨U+FFFE⟩ ⟨U+0001⟩"
    assert texts(feed(tmp_path), "title")[1] == shown
    assert shown in text_of(page)
    assert "<script>alert" not in page


def test_many_are_all_on_the_page_and_the_newest_in_the_feed(tmp_path):
    sheets = [
        make_sheet(f"model-{number:03}", created=f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z")
        for number in range(150)
    ]
    assert changes(tmp_path, *sheets).count('href="submissions/') == 150
    titles = texts(feed(tmp_path), "title")[1:]
    assert len(titles) == FEED_ENTRIES
    assert titles[0] == "Model model-149"


def test_nothing_yet(tmp_path):
    assert "Nothing yet." in changes(tmp_path)
    assert feed(tmp_path).find(f"{ATOM}updated").text == "1970-01-01T00:00:00Z"


def test_two_writings_are_the_same_bytes(tmp_path, three):
    changes(tmp_path / "one", *three)
    changes(tmp_path / "two", *three[::-1])
    for name in ("changes.html", "feed.xml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
