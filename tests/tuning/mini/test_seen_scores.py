"""Scores of seen families, with a model that answers as it is told."""

import pytest

pytest.importorskip("torch")

import torch

from mibench.data.mini.seen import FAMILIES
from mibench.data.mini.seen.family import draw_examples
from mibench.data.mini.seen.wordings import bare_template, wordings
from mibench.prompts import prompt_pieces
from mibench.tuning.mini import seen_scores as file
from mibench.tuning.mini.rows import answer_tokens, tokenise
from mibench.tuning.mini.seen_scores import SeenScore, seen_scores
from tests.tuning.mini import small_mini
from tests.tuning.mini.small_mini import PICTURES, SIDE

COUNT = 12
PROCESSOR = small_mini.processor()
NAMES = ("colour_of_figure", "shape_in_box", "box_of_figure", "odd_box", "kind_of_word", "figure_in_box_check")
ALL_PROMPTS = ("bare", "seen", "unseen")


class Told:
    """A model that knows who asks by tokens and picture, and gives the answer that it is told for each."""

    def __init__(self, answers):
        self.answers, self.asked, self.allowed = answers, [], []
        self.config, self.device = small_mini.model().config, torch.device("cpu")

    def encoder(self, rows):
        return [(row.tokens, row.picture) for row in rows]

    def generate(self, encoder_outputs, prefix_allowed_tokens_fn=None, **settings):
        assert settings == {"num_beams": 1, "do_sample": False, "max_new_tokens": 24}
        self.asked.append(encoder_outputs)
        self.allowed.append(prefix_allowed_tokens_fn)
        answers = [[0, *self.answers[asked]] for asked in encoder_outputs]
        longest = max(map(len, answers))
        return torch.tensor([answer + [1] * (longest - len(answer)) for answer in answers])


@pytest.fixture(autouse=True)
def rows_go_in_as_they_are(monkeypatch):
    monkeypatch.setattr(file, "inputs_of", lambda model, rows, features, device: {"rows": rows})


def examples(name):
    return list(draw_examples(FAMILIES[name], small_mini.SCENES, "test", COUNT, pictures=PICTURES))


def prompts_of(name, kinds=ALL_PROMPTS):
    """Yield every example under every wording that may be drawn, as the model knows it, and the example."""
    family = FAMILIES[name]
    known = wordings(family)
    for example in examples(name):
        templates = {"bare": [bare_template(family, tuple(example.question.fields))]}
        templates |= {"seen": known.seen, "unseen": known.unseen}
        for kind in kinds:
            for template in templates[kind]:
                pieces = prompt_pieces(template, example.question.fields, example.question.options)
                tokens = tokenise(pieces, PROCESSOR, (example.width, example.height))[0]
                yield (tuple(tokens), (example.world, example.number)), example


def written(text, example):
    return answer_tokens(text, PROCESSOR, (example.width, example.height))


def scores(model, *names, prompts=ALL_PROMPTS, **settings):
    families = [FAMILIES[name] for name in names]
    common = {"prompts": prompts, "count": COUNT, "pictures": PICTURES, "side": SIDE}
    return list(seen_scores(model, PROCESSOR, families, {}, **common | settings))


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_are_right_under_all_prompts(name):
    model = Told({asked: written(example.question.target, example) for asked, example in prompts_of(name)})
    assert scores(model, name) == [SeenScore(name, prompts, COUNT, COUNT, COUNT) for prompts in ALL_PROMPTS]


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_are_wrong(name):
    model = Told({asked: written("0 0 1 1", example) for asked, example in prompts_of(name)})
    assert scores(model, name) == [SeenScore(name, prompts, COUNT, 0, 0) for prompts in ALL_PROMPTS]


def test_some_right_answers_are_counted():
    name = "colour_of_figure"
    right = examples(name)[:5]
    model = Told(
        {
            asked: written(example.question.target if example in right else "teal", example)
            for asked, example in prompts_of(name)
        }
    )
    told = sum(example in right for example in examples(name))
    assert scores(model, name, prompts=("bare",)) == [SeenScore(name, "bare", COUNT, told, told)]


def shifted(example, part):
    """Return the right box, moved to the right by a part of its width."""
    left, top, right, bottom = map(float, example.question.target.split())
    by = (right - left) * part
    return f"{left + by:.3f} {top} {right + by:.3f} {bottom}"


def overlap(text, example):
    """Return the overlap of what a text's bins say with the right box, cell by cell of half a pixel."""
    token_text = PROCESSOR.tokenizer.decode(written(text, example), skip_special_tokens=True)
    (box,) = PROCESSOR.tokenizer.decode_boxes(token_text, example.width, example.height)
    right = [float(edge) for edge in example.question.target.split()]
    ranges = [
        [{step for step in range(500) if edges[way] <= (step + 0.5) / 2 < edges[way + 2]} for way in (0, 1)]
        for edges in (box, right)
    ]
    shared = len(ranges[0][0] & ranges[1][0]) * len(ranges[0][1] & ranges[1][1])
    areas = [len(across) * len(down) for across, down in ranges]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("part", [0.0, 0.15, 0.3, 0.6])
def test_a_box_that_overlaps_by_half_is_right_where_that_is_what_counts(part):
    name = "box_of_figure"
    assert FAMILIES[name].scored_by == "iou"
    model = Told({asked: written(shifted(example, part), example) for asked, example in prompts_of(name, ["bare"])})
    overlaps = [overlap(shifted(example, part), example) for example in examples(name)]
    clear = [value for value in overlaps if abs(value - 0.5) > 0.03]
    (score,) = scores(model, name, prompts=("bare",))
    sure = sum(value > 0.5 for value in clear)
    assert sure <= score.free <= sure + len(overlaps) - len(clear)
    assert score.free == {0.0: COUNT, 0.6: 0}.get(part, score.free)


def test_a_box_near_the_right_one_is_wrong_where_one_must_be_chosen():
    name = "odd_box"
    assert FAMILIES[name].scored_by == "exact"
    model = Told({asked: written(shifted(example, 0.3), example) for asked, example in prompts_of(name, ["bare"])})
    assert scores(model, name, prompts=("bare",))[0].free == 0


def test_answers_are_held_to_the_options_where_there_are_any():
    name = "figure_in_box_check"
    model = Told({asked: written("yes", example) for asked, example in prompts_of(name, ["bare"])})
    scores(model, name, prompts=("bare",))
    free, held = model.allowed
    assert free is None
    example = dict(prompts_of(name, ["bare"]))[model.asked[1][0]]
    first = {written(option, example)[0] for option in example.question.options}
    assert set(held(0, torch.tensor([0]))) == first
    free_text = Told({asked: [2] for asked, _ in prompts_of("shape_in_box", ["bare"])})
    scores(free_text, "shape_in_box", prompts=("bare",))
    assert free_text.allowed == [None]


def test_batches_change_nothing(monkeypatch):
    name = "colour_of_figure"
    answers = {asked: written(example.question.target, example) for asked, example in prompts_of(name)}
    whole = Told(answers)
    expected = scores(whole, name)
    monkeypatch.setattr(file, "_BATCH", 5)
    parts = Told(answers)
    assert scores(parts, name) == expected
    assert len(parts.allowed) > len(whole.allowed)


def test_families_are_told_one_by_one():
    seen = []
    names = ("kind_of_word", "shape_in_box")
    model = Told({asked: [2] for name in names for asked, _ in prompts_of(name)})
    found = scores(model, *names, watch=lambda families: (seen.append(family.name) or family for family in families))
    assert tuple(seen) == names
    assert [(score.family, score.prompts) for score in found] == [
        (name, kind) for name in names for kind in ALL_PROMPTS
    ]
