import base64
import re
from html.parser import HTMLParser

import pytest

from mibench.cards import load_cards
from mibench.data.preview import write_preview
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from mibench.instances import Instance
from tests.builders import PNG, make_data

HOSTILE = '<script>alert("1")</script> & \'"><img src=x onerror=alert(1)>'
BOXES = ("10 20 40 60", "0.5 0.25 9 9", "1 1 2 2", "50 50 60 60")


class Page(HTMLParser):
    """Collects the tags and their attributes, and all text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def preview(data, output, rows=12):
    write_preview([load_cards()[task] for task in data.manifest.tasks], data, output, rows=rows)
    return Page(output)


def make_one(path, task, **changes):
    fields = {"id": "row", "image": "images/0.png", "fields": {}, "targets": ("yes",), "group": "row"}
    store_task(path, task, [Row(Instance(**fields | changes), lambda: PNG)], world="official", source="x", reader="1")
    return DataFolder(path)


def test_the_first_rows_of_each_task_are_shown(tmp_path):
    page = preview(make_data(tmp_path / "data", 6), tmp_path / "page.html", rows=4)
    assert [text for text in ("NLVR", "Text VQA") if text in page.text] == ["NLVR", "Text VQA"]
    assert len(page.all("figure")) == 8
    assert "Statement 3." in page.text
    assert "Statement 4." not in page.text
    assert "north gate 0 | the north gate" in page.text


def test_the_page_needs_nothing_else(tmp_path):
    page = preview(make_data(tmp_path / "data", 2), tmp_path / "page.html")
    pictures = [picture["href"] for picture in page.all("image")]
    assert pictures == ["data:image/png;base64," + base64.b64encode(PNG).decode()] * 4
    addresses = [value for _, tag in page.tags for name, value in tag.items() if name in {"src", "href"}]
    assert addresses == pictures


def test_every_text_of_the_data_is_escaped(tmp_path):
    data = make_one(
        tmp_path / "data",
        "nlvr",
        id=HOSTILE,
        group=HOSTILE,
        fields={"text": HOSTILE},
        options=("yes", HOSTILE),
        targets=(HOSTILE,),
    )
    page = preview(data, tmp_path / "page.html")
    assert not page.all("script") + page.all("img")
    assert page.text.count(HOSTILE) == 5
    assert page.all("svg")[0]["aria-label"] == f"picture of {HOSTILE}"


def test_boxes_are_drawn_and_the_right_one_stands_out(tmp_path):
    fields = dict.fromkeys(load_cards()["grounded_vqa"].fields, "Which?")
    data = make_one(tmp_path / "data", "grounded_vqa", fields=fields, options=BOXES, targets=BOXES[:1])
    page = preview(data, tmp_path / "page.html")
    found = [[float(box[key]) for key in ("x", "y", "width", "height")] for box in page.all("rect")]
    assert found == [[10, 20, 30, 40], [0.5, 0.25, 8.5, 8.75], [1, 1, 1, 1], [50, 50, 10, 10]]
    assert [box.get("class") for box in page.all("rect")] == ["target", None, None, None]


def test_options_that_are_no_boxes_are_not_drawn(tmp_path):
    assert not preview(make_data(tmp_path / "data", 2), tmp_path / "page.html").all("rect")


def test_a_task_without_pictures_shows_its_prompts(tmp_path):
    data = make_one(tmp_path / "data", "text_vqa", image=None, fields={"question": "Which word?"})
    page = preview(data, tmp_path / "page.html")
    assert not page.all("svg")
    assert "Which word?" in page.text


@pytest.mark.parametrize("content", [None, b"", b"no picture", PNG[:20]])
def test_a_missing_or_broken_picture_is_told(tmp_path, content):
    data = make_data(tmp_path / "data", 2, tasks=["nlvr"])
    file = data.folder("nlvr") / "images" / "0.png"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="not a readable picture") as caught:
        preview(data, tmp_path / "page.html")
    assert caught.value.file == file
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("box", ["1 2 3", "1 2 3 4 5", "left top right bottom", ""])
def test_an_option_that_should_be_a_box_is_told(tmp_path, box):
    fields = dict.fromkeys(load_cards()["grounded_vqa"].fields, "Which?")
    data = make_one(tmp_path / "data", "grounded_vqa", fields=fields, options=(box,), targets=(box,))
    with pytest.raises(InputError, match=re.escape(f"the option {box!r} of instance 'row' is not a box")):
        preview(data, tmp_path / "page.html")
