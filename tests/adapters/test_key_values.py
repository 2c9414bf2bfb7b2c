"""Rows of a cache, repeated with room for more or selected, beside the plain layers of transformers."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from transformers.cache_utils import DynamicCache, EncoderDecoderCache  # noqa: E402

from mibench.adapters.key_values import repeat_rows, select_rows, single_rows  # noqa: E402


def states(rows, length):
    return torch.randn(rows, 2, length, 4)


def cache_of(rows, length):
    cache = DynamicCache()
    for layer in range(3):
        cache.update(states(rows, length), states(rows, length), layer)
    return cache


def contents(cache):
    return [(layer.keys.clone(), layer.values.clone()) for layer in cache.layers]


def assert_equal(found, expected):
    for layer, other in zip(found, expected, strict=True):
        assert all(map(torch.equal, layer, other))


def test_rows_are_repeated_with_room_and_padded_on_the_left():
    short, long = cache_of(1, 3), cache_of(1, 5)
    repeated = repeat_rows([short, long], torch.tensor([1, 0, 1]), room=8)
    assert repeated.get_seq_length() == 5
    for layer, few, many in zip(repeated.layers, short.layers, long.layers, strict=True):
        assert torch.equal(layer.keys[0], many.keys[0])
        assert torch.equal(layer.values[1, :, 2:], few.values[0])
        assert not layer.values[1, :, :2].any()


@pytest.mark.parametrize("room", [12, 9, 7, 4])
def test_room_is_filled_as_a_plain_layer_grows(room):
    plain = cache_of(3, 4)
    roomy = repeat_rows(single_rows(plain), torch.arange(3), room=room)
    order = torch.tensor([2, 0, 0])
    for length in (1, 3, 1):
        for layer in range(3):
            new = states(3, length), states(3, length)
            assert all(map(torch.equal, roomy.update(*new, layer), plain.update(*new, layer)))
        roomy.reorder_cache(order)
        plain.reorder_cache(order)
        assert_equal(contents(roomy), contents(plain))
    assert roomy.get_seq_length() == plain.get_seq_length() == 9


@pytest.mark.parametrize("kind", ["plain", "roomy", "of an encoder and a decoder"])
def test_selected_rows_leave_the_others_as_they_are(kind):
    whole = cache_of(3, 4)
    cache = {
        "plain": lambda: whole,
        "roomy": lambda: repeat_rows(single_rows(whole), torch.arange(3), room=6),
        "of an encoder and a decoder": lambda: EncoderDecoderCache(whole, cache_of(3, 2)),
    }[kind]()
    inner = getattr(cache, "self_attention_cache", cache)
    before, rows = contents(inner), torch.tensor([2, 0, 2, 1])
    selected = select_rows(cache, rows)
    chosen = getattr(selected, "self_attention_cache", selected)
    assert_equal(contents(chosen), [(keys[rows], values[rows]) for keys, values in before])
    chosen.update(states(4, 1), states(4, 1), 0)
    assert_equal(contents(inner), before)
    assert chosen.get_seq_length() == 5
