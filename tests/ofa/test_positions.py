import math

import pytest
import torch
from torch import nn

from mibench.ofa import positions
from mibench.ofa.positions import (
    RememberedBiases,
    absolute_bias,
    causal,
    hide,
    patch_buckets,
    patch_ids,
    patch_table_size,
    relative_bias,
    token_buckets,
)

CPU = torch.device("cpu")


def token_bucket(query, key, size):
    """The published formula for one pair of tokens, in double precision."""
    middle, distance = size // 2, query - key
    if abs(distance) <= middle:
        return distance + size - 1
    shared = math.ceil(math.log(abs(distance) / middle) / math.log(1023 / middle) * (middle - 1) - 1e-9) + middle
    return int(math.copysign(shared, distance)) + size - 1


@pytest.mark.parametrize("size", [256, 8])
def test_token_buckets(size):
    found = token_buckets(1024, size, CPU)
    assert found[:, 0].tolist() == [token_bucket(query, 0, size) for query in range(1024)]
    assert found[0].tolist() == [token_bucket(0, key, size) for key in range(1024)]
    assert found.min() >= 0
    assert found.max() <= 2 * size - 2
    assert torch.equal(found[1:, 1:], found[:-1, :-1])
    assert torch.equal(token_buckets(40, size, CPU), found[:40, :40])


def test_patch_buckets():
    rows, columns, size = 3, 5, 42
    found = patch_buckets((rows, columns), size, CPU)
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    wanted = [[(r - s + 41) * 83 + (c - d + 41) for s, d in cells] for r, c in cells]
    assert found.tolist() == wanted
    assert patch_table_size(size) == 6892
    assert patch_ids((rows, columns), size, CPU).tolist() == [column + row * size + 1 for row, column in cells]


def test_absolute_bias_written_out():
    torch.manual_seed(0)
    query, key, heads = nn.Linear(12, 12), nn.Linear(12, 12), 3
    left, right = torch.randn(4, 12), torch.randn(6, 12)
    found = absolute_bias(left, right, query, key, heads, 2.0)
    for head in range(heads):
        part = slice(4 * head, 4 * head + 4)
        wanted = query(left)[:, part] @ key(right)[:, part].T / math.sqrt(8)
        torch.testing.assert_close(found[head], wanted)


def test_relative_bias_and_masks():
    table = nn.Embedding(5, 2)
    bias = relative_bias(table, torch.tensor([[0, 4], [2, 1]]))
    assert bias[1, 0, 1] == table.weight[4, 1]
    weights = torch.softmax(causal(bias), dim=-1)
    assert weights[:, 0, 1].eq(0).all()
    hidden = torch.softmax(hide(bias[None], torch.tensor([[1, 0], [1, 1]])), dim=-1)
    assert hidden[0, :, :, 1].eq(0).all()
    torch.testing.assert_close(hidden[1], torch.softmax(bias, dim=-1))
    assert hide(bias, None) is bias


class Counted:
    def __init__(self):
        self.asked = []

    def __call__(self, *sizes):
        self.asked.append(sizes)
        return torch.zeros(sizes[0], sizes[-1])


def test_a_shape_is_computed_once():
    remembered, build, source = RememberedBiases(), Counted(), torch.zeros(2)
    with torch.no_grad():
        for length in (5, 9, 32, 40, 3):
            remembered.refresh([source])
            assert remembered.get("a", (length,), 60, build).shape[0] >= length
        assert build.asked == [(32,), (60,)]
        remembered.get("b", (5, 70), 100, build)
        assert build.asked[2:] == [(32, 96)]
        source += 1
        remembered.refresh([source])
        remembered.get("a", (5,), 60, build)
        assert build.asked[3:] == [(32,)]
    remembered.get("a", (5,), 60, build)
    assert build.asked[4:] == [(5,)]


def test_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(positions, "REMEMBERED_BYTES", 10_000)
    remembered, build = RememberedBiases(), Counted()
    with torch.no_grad():
        for key in ("a", "b", "a", "c", "a", "b"):
            remembered.get(key, (32,), 100, build)
        assert len(build.asked) == 4
        remembered.get("large", (90,), 100, build)
        remembered.get("a", (32,), 100, build)
        assert len(build.asked) == 6
