"""Pictures as adapters open them: in RGB, whole, or told by their file; few of them decoded ahead."""

import threading

import pytest
from PIL import Image

from mibench.adapters import pictures
from mibench.adapters.pictures import THREADS, DecodingAhead, open_picture
from mibench.errors import InputError


@pytest.fixture
def files(tmp_path):
    """Return six pictures; that of number n is n + 1 wide."""
    for number in range(6):
        Image.new("RGB", (number + 1, 1), "red").save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(6)]


@pytest.fixture
def ahead():
    decoding = DecodingAhead()
    yield decoding
    decoding.close()
    assert not pictures._ahead


@pytest.fixture
def decoded(monkeypatch):
    """Return the files that are decoded from here on."""
    seen, read = [], pictures._read
    monkeypatch.setattr(pictures, "_read", lambda path: seen.append(path) or read(path))
    return seen


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_picture_comes_in_rgb(tmp_path, mode):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new(mode, (3, 2)).save(path)
    picture = open_picture(str(path))
    assert (picture.mode, picture.size) == ("RGB", (3, 2))


def test_a_picture_is_decoded_when_it_is_returned(files, tmp_path):
    picture = open_picture(files[0])
    (tmp_path / "0.png").unlink()
    assert picture.getpixel((0, 0)) == (255, 0, 0)


def broken(folder, kind):
    path = folder / f"{kind}.png"
    if kind == "folder":
        path.mkdir()
    elif kind in ("torn", "bomb"):
        image = Image.effect_noise((60, 60), 50)
        image.save(path)
        if kind == "torn":
            path.write_bytes(path.read_bytes()[:-1000])
    elif kind != "missing":
        path.write_bytes({"text": b"Dear all", "empty": b"", "header": b"\x89PNG\r\n\x1a\n"}[kind])
    return str(path)


WORDS = {
    "text": "no readable image: of no known format",
    "empty": "no readable image: of no known format",
    "header": "no readable image",
    "torn": "no readable image",
    "folder": "no readable image: Is a directory",
    "missing": "no readable image: No such file or directory",
    "bomb": "more than 1,000 pixels",
}


@pytest.mark.parametrize("early", [False, True], ids=["at once", "ahead"])
@pytest.mark.parametrize("kind", WORDS)
def test_a_broken_picture_is_told_by_its_file(tmp_path, monkeypatch, ahead, kind, early):
    path = broken(tmp_path, kind)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000 if kind == "bomb" else 10_000)
    if early:
        ahead.keep([path])
    for _ in range(2):
        with pytest.raises(InputError, match=WORDS[kind]) as caught:
            open_picture(path)
        assert caught.value.file == path
        assert caught.value.remedy
        assert "\n" not in str(caught.value)


def test_a_path_that_no_file_can_have_is_told():
    with pytest.raises(InputError, match="no readable image"):
        open_picture("a\0b.png")


def test_what_was_decoded_ahead_is_not_decoded_again(files, ahead, decoded):
    ahead.keep(files[:3])
    assert [open_picture(file).width for file in files[:3] * 2] == [1, 2, 3, 1, 2, 3]
    assert sorted(decoded) == files[:3]


def test_what_was_not_decoded_ahead_is_decoded_at_once(files, ahead, decoded):
    ahead.keep(files[:1])
    assert open_picture(files[5]).width == 6
    assert set(pictures._ahead) == {files[0]}


def test_what_is_held_is_what_was_wanted_last(files, ahead, decoded):
    ahead.keep(files[:3])
    ahead.keep([*files[2:5], files[2]])
    assert set(pictures._ahead) == set(files[2:5])
    for file in files[2:5]:
        open_picture(file)
    assert decoded.count(files[2]) == 1
    ahead.keep([])
    assert not pictures._ahead


def test_few_pictures_are_decoded_at_a_time(ahead, monkeypatch):
    begun, go = [], threading.Event()

    def slow(path):
        begun.append(path)
        assert go.wait(10)
        return path

    monkeypatch.setattr(pictures, "_read", slow)
    paths = [str(number) for number in range(50)]
    ahead.keep(paths)
    ahead.keep(paths[:1])
    go.set()
    assert open_picture("0") == "0"
    ahead.close()
    assert len(begun) <= THREADS


def test_after_the_end_pictures_are_still_opened(files):
    decoding = DecodingAhead()
    decoding.keep(files)
    decoding.close()
    assert not pictures._ahead
    assert open_picture(files[3]).width == 4
