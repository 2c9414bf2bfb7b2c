"""Our prompts are the official ones, to the letter, but for the departures that this file lists."""

import os
from pathlib import Path

import pytest

from mibench.cards import load_cards
from mibench.instances import Instance
from mibench.instructions.importing import HELD_OUT, OFFICIAL_DIGEST, import_set
from mibench.instructions.source import convertible_tasks, read_templates
from mibench.prompts import option_order, render_request
from tests.instructions.template_files import Rows, run_templates, write_source

OUR_ROWS, OFFICIAL_ROWS = 40, 200
CARDS = load_cards()
OFFICIAL_NAMES = {task.card: task.official for task in HELD_OUT}

PLAIN, QUIRKS = "{q}? {a}.", "{q}, {a};"
"""How a reader writes a turn of a dialogue: by itself, and with the official quirks."""

FIRST = "a first turn has wordings of its own in the official file"
FORM = "turns are written in the card's form"
LAST = "the official prompt shows the last turn alone"
HISTORIES = ("no turn before", "one turn before", "several turns before")
DEPARTURES = {
    QUIRKS: {
        **{("visual_dialogue", number, HISTORIES[0]): FIRST for number in (1, 2, 3, 4)},
        ("visual_dialogue", 4, HISTORIES[2]): LAST,
    },
    PLAIN: {
        **{("visual_dialogue", number, HISTORIES[0]): FIRST for number in (1, 2, 3, 4)},
        **{("visual_dialogue", number, turns): FORM for number in (1, 2, 3, 4) for turns in HISTORIES[1:]},
    },
}
"""By the data, the task, the instruction and the row, why a prompt is not the official one. All others are equal."""


@pytest.fixture(scope="module", params=[False, True], ids=["in our words", "official"])
def official(request):
    return request.param


@pytest.fixture(scope="module")
def templates(official, tmp_path_factory):
    if not official:
        return write_source(tmp_path_factory.mktemp("templates"))
    if "MIBENCH_OFFICIAL_REPOSITORY" not in os.environ:
        pytest.skip("MIBENCH_OFFICIAL_REPOSITORY names no clone of VT-NLP/MultiInstruct")
    return Path(os.environ["MIBENCH_OFFICIAL_REPOSITORY"]) / "instruction_templates.py"


def fields(card, row, turn):
    """Return what the fields of a card hold for an official row."""
    regions = row["meta_data"]["object_regions"].items()
    history = " ".join(turn.format(**said) for said in row["meta_data"]["dialog_hist"])
    found = {
        "text": row["text"],
        "question": row["question"] + ("?" if card.name == "visual_dialogue" else ""),
        "regions": " ".join(f"{name} is in {box}." for name, (box,) in regions),
        "history": history or "(nothing yet)",
    }
    return {name: found[name] for name in card.fields}


def ours(card, rows, turn=PLAIN):
    """Return our five prompts for each row."""
    for number, row in enumerate(rows):
        options = () if card.answer.kind == "text" else tuple(row["options"])
        instance = Instance(id=str(number), fields=fields(card, row, turn), options=options, targets=("",), group="")
        yield [render_request(card, instance, instruction).prompt for instruction in range(1, 6)]


def in_order(card, rows):
    """Return for each row and instruction the call whose options stand as our prompt shows them."""
    for number, row in enumerate(rows):
        for instruction in range(1, 6):
            keys = {"seed": 0, "task": card.name, "instance": str(number), "instruction": instruction}
            options = option_order(row["options"], **keys)
            yield {**row, "task": OFFICIAL_NAMES[card.name], "options": options}, instruction - 1


def theirs(path, card, rows):
    """Return the five official prompts for each row, with the options in our order."""
    found = run_templates(path, in_order(card, rows))
    return [found[start : start + 5] for start in range(0, len(found), 5)]


@pytest.fixture(scope="module")
def worded(templates):
    found = import_set(templates, CARDS, "imported")
    return {name: found.worded(CARDS[name]) for name in found.tasks}


def test_the_prompts_are_equal_but_for_the_departures(official, templates, worded):
    differing = {turn: set() for turn in DEPARTURES}
    for name, card in worded.items():
        rows = [Rows(f"{name} {number}").row() for number in range(OFFICIAL_ROWS if official else OUR_ROWS)]
        expected = theirs(templates, card, rows)
        for turn in DEPARTURES if "history" in card.fields else [PLAIN]:
            for row, one, other in zip(rows, ours(card, rows, turn), expected, strict=True):
                turns = HISTORIES[min(len(row["meta_data"]["dialog_hist"]), 2)]
                differing[turn] |= {
                    (name, number, turns) for number in range(1, 6) if one[number - 1] != other[number - 1]
                }
    assert differing == {turn: set(departures) for turn, departures in DEPARTURES.items()}


def test_boxes_inside_a_question_need_an_argument_that_the_official_preparation_never_gives(templates, worded):
    card, row = worded["commonsense_vqa"], Rows(1).row()
    row |= {"question": "Why does person 10 smile?"}
    row["meta_data"]["object_regions"] = {"person 1": ["1 2 3 4"], "person 10": ["5 6 7 8"]}
    [prompts] = ours(card, [row])
    assert [prompts[:2], prompts[2:]] == [
        [prompt for prompt in prompts if "1 2 3 4" in prompt],
        [prompt for prompt in prompts if "1 2 3 4" not in prompt],
    ]
    [inside] = run_templates(templates, [({**row, "task": "commonsense_VQA", "instruction_id": 2}, None)])
    assert all("the person 1 in 1 2 3 40" in prompt for prompt in inside)


def test_templates_of_all_tasks_give_the_prompts_of_their_file(templates):
    tasks, _ = convertible_tasks(read_templates(templates))
    calls = []
    for name in tasks:
        for number in range(10):
            rows = Rows(f"{name} {number}")
            row = rows.row()
            row["meta_data"] |= {"relation": rows.text(), "method": rows.text()}
            row["meta_data"]["object_regions"] |= {
                place: [rows.box(), rows.box()] for place in ("subject", "object", "given_region")
            }
            row["meta_data"]["dialog_hist"] += [{"q": "so", "a": "it is"}]
            if name in ("steps", "wikihow_next_step"):
                row["context"] = [rows.text(), rows.text()]
            calls.append({**row, "task": name})
    for call, prompts in zip(calls, run_templates(templates, [(call, None) for call in calls]), strict=True):
        assert [template.fill(call) for template in tasks[call["task"]].templates] == prompts


def test_the_official_wording_is_known(templates, official):
    assert (import_set(templates, CARDS, "any").digest == OFFICIAL_DIGEST) == official
