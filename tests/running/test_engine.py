"""One model in this process: batches in order, pictures decoded ahead, few, and forgotten."""

from itertools import islice

import pytest
from PIL import Image

from mibench.adapters import pictures
from mibench.adapters.pictures import open_picture
from mibench.errors import InputError
from mibench.instances import Failure
from mibench.running import engine as module
from mibench.running.engine import AHEAD, About, LocalEngine
from mibench.running.worker import Worker
from tests.builders import request


class Viewer:
    """Opens the picture of each request, and says how wide it is."""

    model_name, sight = "viewer", "opens"

    def __init__(self):
        self.decoding = {"beams": 5}
        self.held, self.usage = [], {"tokens": 0.0}

    def predict(self, requests):
        self.held.append(set(pictures._ahead))
        self.usage["tokens"] += len(requests)
        return [one.answered(str(open_picture(one.image).width) if one.image else "none") for one in requests]


@pytest.fixture
def files(tmp_path):
    """Return twelve pictures; that of number n is n + 1 wide."""
    found = [tmp_path / f"{number}.png" for number in range(12)]
    for number, file in enumerate(found):
        Image.new("L", (number + 1, 1)).save(file)
    return [str(file) for file in found]


@pytest.fixture
def local():
    """Return what makes an engine that is closed in the end."""
    made = []

    def make(adapter, on_error="fail"):
        made.append(LocalEngine(Worker(adapter, on_error)))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert not pictures._ahead


def never():
    return False


def batches(images, size=2):
    numbered = [(number, request(number, image=image)) for number, image in enumerate(images)]
    return [numbered[first : first + size] for first in range(0, len(numbered), size)]


def test_results_come_in_order_with_their_batches(local, files):
    asked = batches(files)
    results = list(local(Viewer()).answers(iter(asked), never))
    assert [result.batch for result in results] == asked
    texts = [answer.text for result in results for answer in result.answered.answers]
    assert texts == [str(number + 1) for number in range(12)]


def test_pictures_of_coming_batches_are_held_and_those_of_past_ones_forgotten(local, files):
    viewer = Viewer()
    engine = local(viewer)
    list(engine.answers(iter(batches(files)), never))
    assert viewer.held == [set(files[first : first + 2 * (AHEAD + 1)]) for first in range(0, 12, 2)]
    engine.close()
    assert not pictures._ahead


def test_few_pictures_are_held_however_large_the_batches(local, files, monkeypatch):
    monkeypatch.setattr(module, "PICTURES_AHEAD", 3)
    viewer = Viewer()
    results = list(local(viewer).answers(iter(batches(files, size=6)), never))
    assert viewer.held == [set(files[:3]), set(files[6:9])]
    assert [answer.text for answer in results[1].answered.answers] == ["7", "8", "9", "10", "11", "12"]


def test_a_picture_of_many_requests_is_decoded_once(local, files, monkeypatch):
    decoded = []
    monkeypatch.setattr("mibench.pictures.read_rgb", lambda path: decoded.append(path) or Image.new("RGB", (1, 1)))
    list(local(Viewer()).answers(iter(batches([files[0]] * 10 + [files[1]] * 10)), never))
    assert sorted(decoded) == files[:2]


@pytest.mark.parametrize("sight", ["ignores", "blind"])
def test_nothing_is_decoded_for_an_adapter_that_does_not_open_pictures(local, files, sight):
    class Other(Viewer):
        def predict(self, requests):
            assert not pictures._ahead
            return [one.answered("") for one in requests]

    Other.sight = sight
    assert len(list(local(Other()).answers(iter(batches(files)), never))) == 6


def test_requests_without_pictures_decode_nothing(local):
    viewer = Viewer()
    list(local(viewer).answers(iter(batches([None] * 4)), never))
    assert viewer.held == [set(), set()]


@pytest.mark.parametrize("content", [b"", b"no picture", None], ids=["empty", "text", "missing"])
def test_a_broken_picture_fails_its_row_alone(local, files, tmp_path, content):
    broken = tmp_path / "3.png"
    broken.unlink()
    if content is not None:
        broken.write_bytes(content)
    with pytest.raises(InputError, match="no readable image") as caught:
        list(local(Viewer()).answers(iter(batches(files, size=12)), never))
    assert caught.value.file == str(broken)
    (result,) = local(Viewer(), "record").answers(iter(batches(files, size=12)), never)
    failed = [number for number, answer in enumerate(result.answered.answers) if isinstance(answer, Failure)]
    assert failed == [3]
    assert "no readable image" in result.answered.answers[3].reason


def test_no_batch_is_begun_when_it_is_to_stop(local, files):
    viewer = Viewer()
    results = local(viewer).answers(iter(batches(files)), lambda: len(viewer.held) == 2)
    assert len(list(results)) == 2
    assert list(local(viewer).answers(iter(batches(files)), lambda: True)) == []


def test_few_batches_are_drawn_before_they_are_needed(local):
    drawn = []

    def endless():
        for batch in batches([None] * 40):
            drawn.append(batch)
            yield batch

    results = local(Viewer()).answers(endless(), never)
    assert drawn == []
    list(islice(results, 3))
    assert len(drawn) == 3 + AHEAD


def test_no_batches_make_no_results(local):
    assert list(local(Viewer()).answers(iter([]), never)) == []


def test_an_adapter_is_known_by_what_it_says(local):
    class Plain:
        model_name, decoding = "plain", {}

    viewer = Viewer()
    engine = local(viewer)
    assert engine.about == About("viewer", {"beams": 5}, "opens")
    assert About.of(Plain()) == About("plain", {}, "ignores")
    assert (engine.name, engine.usage(), local(Plain()).usage()) == ("local", {"tokens": 0.0}, {})
    list(engine.answers(iter(batches([None] * 3)), never))
    assert engine.usage() == {"tokens": 3.0}
