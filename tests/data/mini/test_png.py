import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from mibench.data.mini.visual.png import encode_png


def decoded(content):
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return image.mode, np.asarray(image)


@given(
    arrays.arrays(
        np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 400), st.just(3)), elements=st.integers(0, 255)
    )
)
def test_another_decoder_reads_the_same_pixels(pixels):
    mode, found = decoded(encode_png(pixels))
    assert mode == "RGB"
    assert np.array_equal(found, pixels)


def test_every_run_length_survives():
    lengths = range(1, 300)
    pixels = np.zeros((len(lengths), 300, 3), dtype=np.uint8)
    for row, length in enumerate(lengths):
        pixels[row, :length] = (row % 256, 144, 255)
    assert np.array_equal(decoded(encode_png(pixels))[1], pixels)


def test_flat_areas_take_little_room():
    assert len(encode_png(np.full((224, 224, 3), 200, dtype=np.uint8))) < 3000
