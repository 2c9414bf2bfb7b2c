"""Pictures as a model sees them: drawn once, kept, and the same whoever draws."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from PIL import Image

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import Scenes
from mibench.ofa import OFAImageProcessor
from mibench.tuning.mini import pictures
from mibench.tuning.mini.pictures import normalised, seen_pictures, worlds_of

NAMES = ("figures", "panels")
WORLDS = {name: world for name, world in worlds_of(FAMILIES.values()).items() if name in NAMES}


def draw(folder, **changes):
    return seen_pictures(WORLDS, folder, **{"split": "train", "count": 3, "side": 32, "seed": 0} | changes)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, draw(folder)


def test_worlds_are_all_that_families_ask_about():
    worlds = worlds_of(FAMILIES.values())
    assert list(worlds) == sorted({name for family in FAMILIES.values() for name in family.worlds or ()})
    assert worlds_of([FAMILIES["kind_of_word"]]) == {}


def test_pictures_are_those_of_the_scenes(drawn):
    scenes = Scenes(0)
    assert set(drawn[1]) == set(NAMES)
    for name, kind in drawn[1].items():
        assert kind.shape == (3, 32, 32, 3)
        assert kind.dtype == torch.uint8
        for number in range(3):
            image = Image.fromarray(scenes.get(name, WORLDS[name], "train", number).draw().pixels())
            resized = np.asarray(image.resize((32, 32), Image.Resampling.BICUBIC))
            assert np.array_equal(kind[number].numpy(), resized)


def test_they_enter_the_trunk_as_the_processor_makes_them(drawn):
    image = Image.fromarray(Scenes(0).get("figures", WORLDS["figures"], "train", 1).draw().pixels())
    pixels = torch.as_tensor(np.asarray(OFAImageProcessor(size=32)([image])["pixel_values"]))
    torch.testing.assert_close(normalised(drawn[1]["figures"])[1:2], pixels, atol=1e-5, rtol=0)


def test_what_is_kept_is_not_drawn_again(drawn, monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(pictures, "save_file", never)
    before = {file: file.stat().st_mtime_ns for file in drawn[0].iterdir()}
    again = draw(drawn[0])
    assert all(torch.equal(again[name], drawn[1][name]) for name in NAMES)
    assert {file: file.stat().st_mtime_ns for file in drawn[0].iterdir()} == before
    assert len(before) == len(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{"split": "test"}, {"seed": 1}])
def test_another_split_or_seed_is_other_pictures(drawn, changes):
    other = draw(drawn[0], **changes)
    for name in NAMES:
        assert not any(torch.equal(one, two) for one in other[name] for two in drawn[1][name])


@pytest.mark.slow
def test_the_number_of_processes_and_of_pictures_changes_none(drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "_TOGETHER", 2)
    more = draw(tmp_path, count=5, processes=2)
    for name in NAMES:
        assert torch.equal(more[name][:3], drawn[1][name])


def test_progress_is_by_kind(drawn):
    seen = []
    draw(drawn[0], watch=lambda names: (seen.append(name) or name for name in names))
    assert seen == sorted(NAMES)
