"""Each picture processed once, and processors without their part for videos."""

import copy

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from PIL import Image  # noqa: E402
from transformers import BatchFeature  # noqa: E402
from transformers.processing_utils import ProcessorMixin  # noqa: E402

from mibench.adapters.processors import ProcessingOnce, image_token, image_token_ids, load_processor  # noqa: E402
from tests.adapters import tiny_models  # noqa: E402


class Sides:
    """An image processor that gives the sides of pictures, a row a picture or all in one row, and counts them."""

    size = "any"

    def __init__(self, rows=True):
        self.rows, self.seen = rows, []

    def __call__(self, images, factor=1):
        flat = [image[0] if isinstance(image, list) else image for image in images]
        self.seen.append(len(flat))
        sides = torch.tensor([image.size for image in flat]) * factor
        return BatchFeature({"sides": sides if self.rows else sides.view(-1), "names": [str(image) for image in flat]})


@pytest.fixture
def pictures():
    return [Image.new("RGB", (side, side + 1)) for side in (3, 5)]


@pytest.mark.parametrize("nested", [True, False])
def test_the_same_pictures_are_processed_once(pictures, nested):
    small, large = ([picture] if nested else picture for picture in pictures)
    plain, once = Sides(), ProcessingOnce(Sides())
    for images in ([small], [small], [small, large, small], [large, small], [small, large, large]):
        assert torch.equal(once(images)["sides"], plain(images)["sides"])
        assert once(images)["names"] == plain(images)["names"]
    assert once._whole.seen == [1, 2, 2, 2]
    assert once.size == "any"


def test_other_settings_are_another_call(pictures):
    once = ProcessingOnce(Sides())
    assert once(pictures, factor=2)["sides"].tolist() == [[6, 8], [10, 12]]
    assert once(pictures)["sides"].tolist() == [[3, 4], [5, 6]]


def test_what_is_not_a_row_a_picture_is_processed_as_it_is(pictures):
    small, large = pictures
    once = ProcessingOnce(Sides(rows=False))
    assert once([small, large, small])["sides"].tolist() == [3, 4, 5, 6, 3, 4]


def test_a_result_may_be_changed(pictures):
    once = ProcessingOnce(Sides())
    once(pictures).pop("sides")
    assert "sides" in once(pictures)


def test_a_copy_processes_as_well(pictures):
    once = ProcessingOnce(Sides())
    assert torch.equal(copy.deepcopy(once)(pictures)["sides"], once(pictures)["sides"])
    assert once._whole.seen == [2]


def test_what_stands_for_a_picture(tmp_path):
    processor = load_processor(str(tiny_models.make_blip2(tmp_path)))
    assert image_token(processor) == "<image>"
    number = processor.tokenizer.convert_tokens_to_ids("<image>")
    assert image_token_ids(processor, config=None) == {number}


def test_a_part_for_videos_is_not_needed(tmp_path):
    attributes = ProcessorMixin.get_attributes
    processor = load_processor(str(tiny_models.make_qwen2_vl(tmp_path)))
    assert processor.image_processor is not None
    assert ProcessorMixin.get_attributes == attributes
