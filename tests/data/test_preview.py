import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from mibench.cards import load_cards
from mibench.data.preview import MAX_BOXES, MAX_TEXT, THUMBNAIL, write_preview
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


def preview(data, output, rows=12, **options):
    write_preview([load_cards()[task] for task in data.manifest.tasks], data, output, rows=rows, **options)
    return Page(output)


def thumbnail(address):
    kind, _, content = address.partition(";base64,")
    assert kind == "data:image/jpeg"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def make_one(path, task, content=PNG, **changes):
    fields = {"id": "row", "image": "images/0.png", "fields": {}, "targets": ("yes",), "group": "row"}
    row = Row(Instance(**fields | changes), lambda: content)
    store_task(path, task, [row], world="official", source="x", reader="1")
    return DataFolder(path)


def test_the_first_rows_of_each_task_are_shown(tmp_path):
    page = preview(make_data(tmp_path / "data", 6), tmp_path / "page.html", rows=4)
    assert [text for text in ("NLVR", "Text VQA") if text in page.text] == ["NLVR", "Text VQA"]
    assert len(page.all("figure")) == 8
    assert "Statement 3." in page.text
    assert "Statement 4." not in page.text
    assert "north gate 0 | the north gate" in page.text


def test_a_seed_draws_other_rows_and_the_same_again(tmp_path):
    data = make_data(tmp_path / "data", 60, tasks=["nlvr"])
    pages = [preview(data, tmp_path / "page.html", rows=5, seed=seed).text for seed in (1, 1, 2)]
    shown = [[int(number) for number in re.findall(r"(\d+), group", text)] for text in pages]
    assert shown[0] == shown[1] != shown[2]
    assert all(len(numbers) == 5 and numbers == sorted(numbers) for numbers in shown)
    assert "Rows drawn by seed 2" in pages[2]


def test_all_five_wordings_are_shown(tmp_path):
    data = make_data(tmp_path / "data", 1, tasks=["nlvr"])
    page = preview(data, tmp_path / "page.html")
    for instruction in load_cards()["nlvr"].instructions:
        assert instruction.replace("{text}", "Statement 0.") in page.text
    assert len(page.all("pre")) == 5
    assert len(page.all("details")) == 1


def test_the_page_needs_nothing_else(tmp_path):
    page = preview(make_data(tmp_path / "data", 2), tmp_path / "page.html")
    pictures = [picture["href"] for picture in page.all("image")]
    assert [thumbnail(picture).size for picture in pictures] == [(1, 1)] * 4
    addresses = [value for _, tag in page.tags for name, value in tag.items() if name in {"src", "href"}]
    assert addresses == pictures
    assert not page.all("script") + page.all("link")
    (policy,) = (tag["content"] for tag in page.all("meta") if "http-equiv" in tag)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_large_pictures_are_shown_small_and_as_models_see_them(tmp_path):
    content = io.BytesIO()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (2_000, 500)).save(content, "JPEG", exif=turned)
    data = make_one(tmp_path / "data", "nlvr", content.getvalue(), fields={"text": "x"}, options=("yes", "no"))
    page = preview(data, tmp_path / "page.html")
    small = thumbnail(page.all("image")[0]["href"])
    assert small.size == (THUMBNAIL, THUMBNAIL // 4)
    assert not small.getexif()
    assert page.all("svg")[0]["viewbox"] == "0 0 2000 500"


def test_the_page_stays_small_however_large_the_data(tmp_path):
    long = "a" * 1_000_000
    boxes = tuple(f"{number} 0 {number + 1} 1" for number in range(2_000))
    fields = dict.fromkeys(load_cards()["grounded_vqa"].fields, long)
    data = make_one(
        tmp_path / "data", "grounded_vqa", id=long[:5_000], group=long, fields=fields, options=boxes, targets=boxes
    )
    page = preview(data, tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 100_000
    assert "characters more" in page.text
    assert "a" * (MAX_TEXT + 100) not in page.text
    assert len(page.all("rect")) == MAX_BOXES
    with pytest.raises(InputError, match="1 tasks with 1001 rows each are too many for one page"):
        preview(data, tmp_path / "page.html", rows=1_001)


def test_every_text_of_the_data_is_escaped(tmp_path):
    data = make_one(
        tmp_path / "data",
        "commonsense_vqa",
        id=HOSTILE,
        group=HOSTILE,
        fields={"question": HOSTILE, "regions": f"<b>'\"& is in 1 2 3 4. {HOSTILE}"},
        options=("yes", HOSTILE),
        targets=(HOSTILE,),
    )
    page = preview(data, tmp_path / "page.html")
    assert not page.all("script") + page.all("img") + page.all("b")
    assert page.text.count(HOSTILE) == 5 * 3 + 3
    assert page.all("svg")[0]["aria-label"] == f"picture of {HOSTILE}"
    assert page.text.count("<b>'\"&") == 5 + 1


def test_boxes_are_drawn_and_the_right_one_stands_out(tmp_path):
    fields = dict.fromkeys(load_cards()["grounded_vqa"].fields, "Which?")
    data = make_one(tmp_path / "data", "grounded_vqa", fields=fields, options=(*BOXES, "5 5 5 9"), targets=BOXES[:1])
    page = preview(data, tmp_path / "page.html")
    found = [[float(box[key]) for key in ("x", "y", "width", "height")] for box in page.all("rect")]
    assert found == [[10, 20, 30, 40], [0.5, 0.25, 8.5, 8.75], [1, 1, 1, 1], [50, 50, 10, 10]]
    assert [box.get("class") for box in page.all("rect")] == ["target", None, None, None]


def test_boxes_that_a_field_names_are_drawn_with_their_names(tmp_path):
    regions = "person 1 is in 0 12.5 30.25 40. traffic light 2 is in -3 9.5e-05 6 7."
    fields = {"question": "Why is person 1 in a hurry?", "regions": regions}
    data = make_one(tmp_path / "data", "commonsense_vqa", fields=fields, options=("a", "yes"))
    page = preview(data, tmp_path / "page.html")
    found = [[float(box[key]) for key in ("x", "y", "width", "height")] for box in page.all("rect")]
    assert found == [[0, 12.5, 30.25, 27.5], [-3, 9.5e-05, 9, 7 - 9.5e-05]]
    assert [box["class"] for box in page.all("rect")] == ["named", "named"]
    assert len(page.all("text")) == 2
    assert re.sub(r"\s+", " ", page.text).count("traffic light 2") == 5 + 1


def test_options_that_are_no_boxes_are_not_drawn(tmp_path):
    assert not preview(make_data(tmp_path / "data", 2), tmp_path / "page.html").all("rect")


def test_a_task_without_pictures_shows_its_prompts(tmp_path):
    data = make_one(tmp_path / "data", "text_vqa", image=None, fields={"question": "Which word?"})
    page = preview(data, tmp_path / "page.html")
    assert not page.all("svg")
    assert "Which word?" in page.text


@pytest.mark.parametrize("content", [None, b"", b"no picture", PNG[:45]])
def test_a_missing_or_broken_picture_is_told(tmp_path, content):
    data = make_data(tmp_path / "data", 2, tasks=["nlvr"])
    file = data.folder("nlvr") / "images" / "0.png"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="no readable image") as caught:
        preview(data, tmp_path / "page.html")
    assert caught.value.file == str(file)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("box", ["1 2 3", "1 2 3 4 5", "left top right bottom", "", "1 2 nan inf"])
def test_an_option_that_should_be_a_box_is_told(tmp_path, box):
    fields = dict.fromkeys(load_cards()["grounded_vqa"].fields, "Which?")
    data = make_one(tmp_path / "data", "grounded_vqa", fields=fields, options=(box,), targets=(box,))
    with pytest.raises(InputError, match=re.escape(f"the option {box!r} of instance 'row' is not a box")):
        preview(data, tmp_path / "page.html")
