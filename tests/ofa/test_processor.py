from itertools import product
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoProcessor, AutoTokenizer, PretrainedConfig

from mibench.errors import InputError
from mibench.ofa.image_processor import OFAImageProcessor
from mibench.ofa.processor import OFAProcessor, register_processing
from mibench.ofa.tokenizer import OFATokenizer
from tests.ofa.builders import make_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vocabulary")


@pytest.fixture(scope="module")
def processor(folder: Path) -> OFAProcessor:
    return OFAProcessor(OFAImageProcessor(size=32), make_tokenizer(folder))


IMAGES = [Image.new("RGB", (640, 480), "red"), Image.new("L", (100, 200))]
TEXTS = ["Is it red?", "Which region does the text describe?"]


def test_texts_and_images(processor: OFAProcessor) -> None:
    batch = processor(text=TEXTS, images=IMAGES)
    assert set(batch) == {"input_ids", "attention_mask", "pixel_values"}
    assert batch["pixel_values"].shape == (2, 3, 32, 32)
    assert batch["pixel_values"].dtype == torch.float32
    assert batch["input_ids"].shape == batch["attention_mask"].shape
    assert batch["input_ids"].dtype == torch.int64
    for row, text in zip(batch["input_ids"].tolist(), TEXTS, strict=True):
        ids = processor.tokenizer(text)["input_ids"]
        assert row == ids + [1] * (len(row) - len(ids))
    pixels = processor.image_processor(IMAGES, return_tensors="pt")["pixel_values"]
    assert torch.equal(batch["pixel_values"], pixels)


def test_one_text_and_one_image(processor: OFAProcessor) -> None:
    batch = processor(IMAGES[0], "Is it red?")
    assert len(batch["input_ids"]) == len(batch["pixel_values"]) == 1


def test_either_alone(processor: OFAProcessor) -> None:
    assert set(processor(text="yes")) == {"input_ids", "attention_mask"}
    assert set(processor(images=IMAGES)) == {"pixel_values"}


def test_truncation(processor: OFAProcessor) -> None:
    assert processor(text=TEXTS, truncation=True, max_length=5)["input_ids"].shape == (2, 5)


def test_unequal_numbers(processor: OFAProcessor) -> None:
    with pytest.raises(InputError, match="2 texts and 1 images do not pair"):
        processor(text=TEXTS, images=IMAGES[:1])
    with pytest.raises(InputError, match="neither texts nor images"):
        processor()
    with pytest.raises(InputError, match="sizes of the images"):
        processor(text=TEXTS, boxes_as_bins=True)


def test_boxes_in_prompts(processor: OFAProcessor) -> None:
    prompt = "Where is it?\n\n[Options]: 0 0 320 240||||64 48 640 480||||0.0 0 1000 -5"
    shown = "Where is it?\n\n[Options]: <bin_0> <bin_0> <bin_500> <bin_500>||||<bin_100> <bin_100> <bin_999> <bin_999>"
    assert processor.boxes_to_bins(prompt, 640, 480) == shown + "||||0.0 0 1000 -5"
    assert processor.bins_to_boxes(shown, 640, 480) == "Where is it?\n\n[Options]: 0 0 320 240||||64 48 640 480"


def test_boxes_without_spaces_stay_apart(processor: OFAProcessor) -> None:
    text = "".join(f"<bin_{number}>" for number in (0, 0, 100, 100, 500, 500, 999, 999, 7))
    assert processor.bins_to_boxes(text, 640, 480) == "0 0 64 48 320 240 640 480<bin_7>"


def test_each_image_has_its_own_size(processor: OFAProcessor) -> None:
    batch = processor(text=["at 0 0 64 48", "at 0 0 64 48"], images=IMAGES, boxes_as_bins=True)
    first, second = (processor.tokenizer.decode(row, skip_special_tokens=True) for row in batch["input_ids"])
    assert first == "at <bin_0> <bin_0> <bin_100> <bin_100>"
    assert second == f"at <bin_0> <bin_0> <bin_{round(64 / 100 * 999)}> <bin_{round(48 / 200 * 999)}>"


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3",
        "1 2 3 4 5",
        "1 2 3 4 5kg",
        "1 2 3 4kg",
        "a1 2 3 4",
        "1,000 2 3 4",
        "1 2 3 4,000",
        "1 2 3 4.5.6",
        "4 3 2 1",
        "in 1999, 2000, 2001 and 2002",
        "1\n2 3 4",
        "",
    ],
)
def test_numbers_that_are_no_box(processor: OFAProcessor, text: str) -> None:
    assert processor.boxes_to_bins(text, 10, 10) == text


@pytest.mark.parametrize(
    "text", ["1 2 3 4", "(1 2 3 4)", "to 1 2 3 4.", "-1 2.0 3  4, then", '"1 2 3 4"', "1 2 3 4?\n"]
)
def test_numbers_that_are_a_box(processor: OFAProcessor, text: str) -> None:
    assert processor.boxes_to_bins(text, 10, 10).count("<bin_") == 4


WHOLE = st.tuples(*[st.integers(0, 2000)] * 4).map(
    lambda e: (min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3]))
)


@given(st.integers(1, 2000), st.integers(1, 2000), WHOLE)
@settings(max_examples=300, deadline=None)
def test_written_boxes_come_back(
    processor: OFAProcessor, width: int, height: int, box: tuple[int, int, int, int]
) -> None:
    text = processor.boxes_to_bins("go to {} {} {} {}".format(*box), width, height)
    clamped = [min(edge, side) for edge, side in zip(box, (width, height) * 2, strict=True)]
    found = processor.bins_to_boxes(text, width, height, digits=6).removeprefix("go to ").split()
    for edge, back, side in zip(clamped, found, (width, height) * 2, strict=True):
        assert abs(edge - float(back)) <= side / 999 / 2 + 1e-6
    if width < 999 and height < 999:
        assert processor.bins_to_boxes(text, width, height) == "go to {} {} {} {}".format(*clamped)


def test_every_whole_coordinate_of_an_image(processor: OFAProcessor) -> None:
    for width, edge in product((1, 7, 224, 500, 640, 998), range(999)):
        if edge <= width:
            bins = processor.boxes_to_bins(f"{edge} 0 {width} 1", width, 1)
            assert processor.bins_to_boxes(bins, width, 1) == f"{edge} 0 {width} 1"


def test_saving_and_loading(processor: OFAProcessor, tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path)
    loaded = OFAProcessor.from_pretrained(tmp_path)
    assert isinstance(loaded.tokenizer, OFATokenizer)
    assert loaded.image_processor.to_dict() == processor.image_processor.to_dict()
    one, other = (each(text=TEXTS, images=IMAGES) for each in (processor, loaded))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_folder_as_published_has_no_settings_for_images(folder: Path, processor: OFAProcessor) -> None:
    assert OFAProcessor.from_pretrained(folder).image_processor.size == {"height": 384, "width": 384}
    assert OFAProcessor.from_pretrained(folder, size=48).image_processor.size == {"height": 48, "width": 48}


def test_broken_settings_for_images(folder: Path, processor: OFAProcessor, tmp_path: Path) -> None:
    processor.save_pretrained(tmp_path)
    (tmp_path / "processor_config.json").write_text("{")
    with pytest.raises(OSError, match="processor_config"):
        OFAProcessor.from_pretrained(tmp_path)


class SomeConfig(PretrainedConfig):
    model_type = "ofa_of_test_processor"


def test_auto_classes(processor: OFAProcessor, tmp_path: Path) -> None:
    AutoConfig.register(SomeConfig.model_type, SomeConfig)
    register_processing(SomeConfig)
    register_processing(SomeConfig)
    SomeConfig().save_pretrained(tmp_path)
    make_tokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    assert len(AutoTokenizer.from_pretrained(tmp_path)) == processor.tokenizer.vocab_size + 9192
    processor.save_pretrained(tmp_path)
    assert isinstance(AutoTokenizer.from_pretrained(tmp_path), OFATokenizer)
    assert isinstance(AutoImageProcessor.from_pretrained(tmp_path), OFAImageProcessor)
    assert isinstance(AutoProcessor.from_pretrained(tmp_path), OFAProcessor)
