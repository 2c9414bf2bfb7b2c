import io
import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mibench.errors import InputError
from mibench.ofa.image_processor import OFAImageProcessor, read_rgb


def noise(*shape: int, most: int = 256, kind: str = "uint8") -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, most, shape).astype(kind)


def picture(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(noise(23, 31, most=65536, kind="uint16"))
    if mode == "I":
        return Image.fromarray(noise(23, 31, most=65536, kind="int32"))
    if mode == "F":
        return Image.fromarray(noise(23, 31).astype("float32"))
    return Image.fromarray(noise(23, 31, 4)).convert("RGB" if mode == "CMYK" else "RGBA").convert(mode)


MODES = ["RGB", "RGBA", "L", "LA", "1", "P", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("side", [8, 50])
def test_pixels_are_those_of_pil_and_numpy(mode: str, side: int) -> None:
    image = picture(mode)
    assert image.mode == mode
    if mode in ("I;16", "I"):
        rgb = Image.fromarray(np.stack([np.rint(np.asarray(image) / 257).astype("uint8")] * 3, axis=2))
    else:
        rgb = image.convert("RGB")
    square = rgb.resize((side, side), Image.BICUBIC)
    expected = np.empty((3, side, side))
    for channel, values in enumerate(square.split()):
        expected[channel] = (np.asarray(values) / 255 - 0.5) / 0.5
    batch = OFAImageProcessor(size=side)(image)
    assert batch["pixel_values"].dtype == np.float32
    np.testing.assert_allclose(batch["pixel_values"][0], expected, atol=2e-7)
    assert batch["original_sizes"].tolist() == [[31, 23]]


def test_mean_and_deviation_of_each_channel() -> None:
    mean, std = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]
    values = OFAImageProcessor(4, mean, std)(Image.new("RGB", (4, 4), (255, 51, 0)))["pixel_values"][0]
    expected = [(1 - 0.1) / 0.4, (0.2 - 0.2) / 0.5, (0 - 0.3) / 0.6]
    np.testing.assert_allclose(values[:, 0, 0], expected, atol=1e-6)
    assert np.ptp(values, axis=(1, 2)).max() == 0


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGBA"), ("b.png", "I;16"), ("c.jpg", "CMYK"), ("d.gif", "P")])
def test_files_and_opened_images_are_alike(tmp_path: Path, name: str, mode: str) -> None:
    file = tmp_path / name
    picture(mode).save(file)
    processor = OFAImageProcessor(size=16)
    with Image.open(file) as opened:
        batch = processor([file, str(file), opened], return_tensors="pt")
    assert batch["pixel_values"].shape == (3, 3, 16, 16)
    assert (batch["pixel_values"] == batch["pixel_values"][0]).all()
    assert batch["original_sizes"].tolist() == [[31, 23]] * 3


def test_palettes_with_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(noise(9, 9, 3)).quantize(16)
    image.save(tmp_path / "p.png", transparency=bytes(range(0, 256, 16)))
    assert read_rgb(tmp_path / "p.png").tobytes() == image.convert("RGB").tobytes()


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (5, 7, 4)])
def test_arrays(shape: tuple[int, ...]) -> None:
    array = noise(*shape)
    processor = OFAImageProcessor(size=6)
    assert (processor(array)["pixel_values"] == processor(Image.fromarray(array))["pixel_values"]).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (5000, 4000)])
def test_tiny_narrow_and_huge_images(size: tuple[int, int]) -> None:
    batch = OFAImageProcessor(size=32)(Image.new("RGB", size, (255, 0, 255)))
    assert batch["original_sizes"].tolist() == [list(size)]
    expected = np.array([1, -1, 1], np.float32)[:, None, None]
    assert (batch["pixel_values"][0] == expected).all()


def claimed(width: int, height: int) -> bytes:
    """A PNG that claims a size, and holds no pixels."""
    content = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for name, chunk in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        content += struct.pack(">I", len(chunk)) + name + chunk + struct.pack(">I", zlib.crc32(name + chunk))
    return content


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000)])
def test_decompression_bombs(tmp_path: Path, size: tuple[int, int]) -> None:
    file = tmp_path / "bomb.png"
    file.write_bytes(claimed(*size))
    with pytest.raises(InputError, match=r"bomb\.png: more than 89,478,485 pixels"):
        OFAImageProcessor()([file])


def test_opened_images_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    with pytest.raises(InputError, match="more than 99 pixels"):
        OFAImageProcessor()(Image.new("L", (10, 10)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    OFAImageProcessor(4)(Image.new("L", (10, 10)))


def broken() -> dict[str, bytes]:
    whole = io.BytesIO()
    Image.fromarray(noise(64, 64, 3)).save(whole, "png")
    return {"text": b"hello", "empty": b"", "half": whole.getvalue()[:5000], "pixelless": claimed(9, 9)}


@pytest.mark.parametrize("name", ["text", "empty", "half", "pixelless", "missing", "folder"])
def test_what_is_no_image(tmp_path: Path, name: str) -> None:
    file = tmp_path / "image.png"
    if name == "folder":
        file.mkdir()
    elif name != "missing":
        file.write_bytes(broken()[name])
    with pytest.raises(InputError, match=r"image\.png: no readable image") as caught:
        OFAImageProcessor()(file)
    assert str(caught.value).count(os.fspath(file)) == 1


@pytest.mark.parametrize("thing", [None, 3, np.zeros((4, 4, 7), "uint8"), np.zeros((2, 2), "complex64")])
def test_things_that_are_no_image(thing: object) -> None:
    with pytest.raises(InputError, match="no readable image"):
        OFAImageProcessor()([thing])  # type: ignore[list-item]


@pytest.mark.parametrize("size", [0, -3, {"height": 3, "width": 4}, {"shortest_edge": 3}])
def test_sizes_that_are_no_square(size: object) -> None:
    with pytest.raises(InputError, match="no square"):
        OFAImageProcessor(size)  # type: ignore[arg-type]


def test_saving_and_loading(tmp_path: Path) -> None:
    first = OFAImageProcessor(48, [0.1, 0.2, 0.3])
    first.save_pretrained(tmp_path)
    second = OFAImageProcessor.from_pretrained(tmp_path)
    assert second.to_dict() == first.to_dict()
    assert json.loads((tmp_path / "preprocessor_config.json").read_text())["size"] == {"height": 48, "width": 48}
    image = picture("RGB")
    assert (second(image)["pixel_values"] == first(image)["pixel_values"]).all()
    assert OFAImageProcessor.from_pretrained(tmp_path, size=24)(image)["pixel_values"].shape == (1, 3, 24, 24)
    assert first(image, size=12)["pixel_values"].shape == (1, 3, 12, 12)
