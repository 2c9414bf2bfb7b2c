"""What the prompts about a picture have in common."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from transformers.cache_utils import DynamicCache  # noqa: E402

from mibench.adapters import image_prefix  # noqa: E402
from mibench.adapters.image_prefix import CannotShareError, read_prefixes, shared_length  # noqa: E402

PICTURE = {9}


@pytest.mark.parametrize(
    ("prompts", "length"),
    [
        ([[1, 9, 9, 5, 6], [1, 9, 9, 7], [1, 9, 9, 5]], 3),
        ([[1, 9, 9, 5, 6], [1, 9, 9, 5, 7]], 4),
        ([[1, 9, 9, 5, 6], [1, 9, 9, 5]], 3),
        ([[9, 5, 6], [9, 5, 6]], 2),
        ([[9, 5, 6]], 2),
    ],
)
def test_what_prompts_begin_with(prompts, length):
    assert shared_length(prompts, PICTURE) == length


@pytest.mark.parametrize(
    "prompts",
    [[[1, 5, 9, 9, 2], [1, 6, 9, 9, 2]], [[1, 5, 6], [1, 5, 7]], [[9, 9], [9, 9]]],
    ids=["behind", "nowhere", "at the very end"],
)
def test_a_picture_that_is_not_among_it(prompts):
    with pytest.raises(CannotShareError, match="differ before it ends"):
        shared_length(prompts, PICTURE)


@pytest.mark.parametrize(
    ("tokens", "cached", "words"),
    [
        ([1, 9, 9, 5], 3, "where the text goes on after the picture is not known"),
        ([1, 9, 5, 5], 2, "does not hold the 3 tokens as such"),
        ([1, 9, 5, 5], None, "its cache is a NoneType"),
    ],
)
def test_what_cannot_be_shared(monkeypatch, tokens, cached, words):
    cache = None
    if cached is not None:
        cache = DynamicCache()
        cache.update(torch.zeros(1, 1, cached, 2), torch.zeros(1, 1, cached, 2), 0)
    given = {"position_ids": torch.zeros(3, 1, 3)}
    monkeypatch.setattr(image_prefix, "first_step", lambda *_: SimpleNamespace(cache=cache, given=given))
    with pytest.raises(CannotShareError, match=words):
        read_prefixes(None, [({"input_ids": torch.tensor([tokens])}, 3)], PICTURE)
