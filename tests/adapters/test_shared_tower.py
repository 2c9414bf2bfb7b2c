"""A tower that runs once a picture."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from transformers.modeling_outputs import BaseModelOutput  # noqa: E402

from mibench.adapters.shared_tower import once_a_picture  # noqa: E402


class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rows = []

    def forward(self, pixels, scale=1):
        self.rows.append(len(pixels))
        return BaseModelOutput(last_hidden_state=pixels * scale, hidden_states=(pixels + 1,))


@pytest.mark.parametrize("named", [True, False])
def test_each_prompt_gets_the_row_of_its_picture(named):
    tower, places = Tower(), [0, 0, 1, 2, 1]
    pixels = torch.tensor([[7.0], [8.0], [9.0]])[places]
    with once_a_picture(tower, places):
        output = tower(pixels=pixels, scale=2) if named else tower(pixels, 2)
    assert tower.rows == [3]
    assert torch.equal(output.last_hidden_state, pixels * 2)
    assert torch.equal(output.hidden_states[0], pixels + 1)
    tower(pixels)
    assert tower.rows == [3, 5]


def test_the_tower_is_itself_again_after_a_failure():
    tower = Tower()
    with pytest.raises(TypeError), once_a_picture(tower, [0, 0]):
        tower(None)
    assert tower(torch.zeros(2, 1)).last_hidden_state.shape == (2, 1)
    assert tower.rows == [2]
