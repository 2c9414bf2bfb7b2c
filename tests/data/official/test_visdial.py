import itertools
import json
from collections import Counter

import pytest

from mibench.cards import load_cards
from mibench.data.mini.visual import dialogue as mini
from mibench.data.official.visdial import NO_HISTORY, VERSION, read_visdial
from mibench.data.rows import ReaderOptions
from mibench.data.store import DataFolder, store_task
from mibench.errors import InputError
from mibench.prompts import render_request
from tests.builders import PNG
from tests.data.official.official_code import official_rows

CARD = load_cards()["visual_dialogue"]
FILE = "visdial_1.0_val.json"
TEXT_ALONE = ReaderOptions(pictures=False)
FAITHFUL = ReaderOptions(faithful_quirks=True)

QUESTIONS = [
    "is it day",
    "is it night?",
    "how many étoiles 漢 ",
    " what is \U0001f600 ?",
    'a "red" one, or what.',
    "",
    "why\n",
]
ANSWERS = ["yes", "no, it's dark.", " 2 ", "can't tell!", "who knows?", "", "été\t漢字"]
"""Each text of a dialogue's turn n is the one of the dialogue's number plus n."""

ASKED = [
    "is it day?",
    "is it night?",
    "how many étoiles 漢?",
    "what is \U0001f600 ?",
    'a "red" one, or what.?',
    "?",
    "why?",
]
ANSWERED = ["yes", "no, it's dark.", "2", "can't tell!", "who knows?", "", "été\t漢字"]
SAID = ["yes.", "no, it's dark.", "2.", "can't tell!", "who knows?", ".", "été\t漢字."]
"""What each text is to become: as question, as target, and as answer in a history."""

IMAGES = [5, 185565, 999_999_999_999, 42, 43, 44]


def turn(question, answer, **changes):
    return {"question": question, "answer": answer, "gt_index": 1, "answer_options": [answer, 0]} | changes


def dialogue(number, image_id, turns=10):
    numbers = [(number + rank) % 7 for rank in range(turns)]
    return {"image_id": image_id, "caption": "it is day", "dialog": [turn(rank, rank) for rank in numbers]}


def content(**changes):
    """Six dialogues, 60 turns."""
    dialogs = [dialogue(number, image_id) for number, image_id in enumerate(IMAGES)]
    return {"dialogs": dialogs, "questions": QUESTIONS, "answers": ANSWERS} | changes


def make_raw(path, text=None, split="val2018", **changes):
    """Write the official layout."""
    (path / "VisualDialog_val2018").mkdir(parents=True)
    for number in IMAGES:
        (path / "VisualDialog_val2018" / f"VisualDialog_val2018_{number:012d}.jpg").write_bytes(PNG + b"%d" % number)
    whole = {"version": "1.0", "split": split, "data": content(**changes)}
    (path / FILE).write_text(json.dumps(whole) if text is None else text, encoding="utf-8")
    return path


def read(raw, options=ReaderOptions()):  # noqa: B008
    return [instance for instance, _ in read_visdial(raw, CARD, options)]


def test_every_turn_becomes_an_instance_with_the_true_turns_before_it(tmp_path):
    raw = make_raw(tmp_path / "deep" / "visdial")
    rows = iter(list(read_visdial(tmp_path, CARD, ReaderOptions())))
    for number, image_id in enumerate(IMAGES):
        history = []
        for rank in range(10):
            instance, picture = next(rows)
            text = (number + rank) % 7
            name = f"VisualDialog_val2018_{image_id:012d}.jpg"
            assert instance.id == f"visdial_val_{image_id}_{rank + 1}"
            assert instance.fields == {"history": " ".join(history) or NO_HISTORY, "question": ASKED[text]}
            assert (instance.targets, instance.options) == ((ANSWERED[text],), ())
            assert (instance.group, instance.image) == (str(image_id), f"images/{name}")
            assert picture == raw / "VisualDialog_val2018" / name
            history.append(f"{ASKED[text]} {SAID[text]}")
    assert next(rows, None) is None


def test_history_is_written_as_in_the_mini_world(tmp_path):
    rows = read(make_raw(tmp_path / "raw"))
    assert NO_HISTORY == mini.NO_HISTORY
    assert [row.fields["history"] for row in rows[:4]] == [
        "(nothing yet)",
        "is it day? yes.",
        "is it day? yes. is it night? no, it's dark.",
        "is it day? yes. is it night? no, it's dark. how many étoiles 漢? 2.",
    ]


def test_the_official_preparation_always_appends_a_mark_and_keeps_spaces(tmp_path):
    rows = read(make_raw(tmp_path / "raw"), FAITHFUL)
    assert [row.fields["question"] for row in rows[:7]] == [f"{question}?" for question in QUESTIONS]
    assert [row.targets for row in rows[:7]] == [(answer,) for answer in ANSWERS]
    assert [row.fields["history"] for row in rows[:4]] == [
        "(nothing yet)",
        "is it day, yes;",
        "is it day, yes; is it night?, no, it's dark.;",
        "is it day, yes; is it night?, no, it's dark.; how many étoiles 漢 ,  2 ;",
    ]


def test_a_dialogue_may_have_fewer_turns(tmp_path):
    rows = read(make_raw(tmp_path / "raw", dialogs=[dialogue(0, 5, turns=1), dialogue(1, 42, turns=3)]))
    assert [row.id for row in rows] == ["visdial_val_5_1", "visdial_val_42_1", "visdial_val_42_2", "visdial_val_42_3"]


def test_the_real_dialogues_are_300_turns(real_data):
    rows = list(read_visdial(real_data / "visdial", CARD, TEXT_ALONE))
    instances = [row.instance for row in rows]
    assert len(rows) == len({row.id for row in instances}) == 300
    assert set(Counter(row.group for row in instances).values()) == {10}
    assert Counter(row.fields["history"] == NO_HISTORY for row in instances) == {True: 30, False: 270}
    assert {(row.instance.image, row.picture) for row in rows} == {(None, None)}
    for before, after in itertools.pairwise(instances):
        if before.group == after.group:
            begun = before.fields["history"] if before.fields["history"] != NO_HISTORY else ""
            said = after.fields["history"].removeprefix(begun).strip()
            answer = before.targets[0]
            assert said in (f"{before.fields['question']} {answer}", f"{before.fields['question']} {answer}.")
    assert all(row.fields["question"].endswith("?") and "??" not in row.fields["question"] for row in instances)


def one_turn(**changes):
    """Return dialogues of which the second has one faulty turn."""
    found = [dialogue(number, image_id) for number, image_id in enumerate(IMAGES)]
    found[1]["dialog"][2] |= changes
    return {"dialogs": found}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (one_turn(question=7), r"data\.dialogs\[1\]\.dialog\[2\]\.question: 7 is not in a table of 7 texts"),
        (one_turn(answer=-1), r"data\.dialogs\[1\]\.dialog\[2\]\.answer: -1 is not in a table of 7 texts"),
        (one_turn(answer="yes"), r"data\.dialogs\[1\]\.dialog\[2\]\.answer: Expected `int`, got `str`"),
        ({"dialogs": [{"image_id": 5, "dialog": [{"question": 1}]}]}, r"dialog\[0\]: Object missing .* `answer`"),
        ({"dialogs": [{"image_id": 5, "dialog": []}]}, r"data\.dialogs\[0\]\.dialog: Expected `array` of length >= 1"),
        ({"dialogs": [{"dialog": [turn(1, 1)]}]}, r"data\.dialogs\[0\]: Object missing required field `image_id`"),
        ({"dialogs": [dialogue(0, "5")]}, r"data\.dialogs\[0\]\.image_id: Expected `int`, got `str`"),
        ({"dialogs": [dialogue(0, 7)]}, r"data\.dialogs\[0\]: the picture .*_000000000007\.jpg is missing"),
        (
            {"dialogs": [dialogue(0, 5), dialogue(1, 5)]},
            r"dialogs\[1\]: the picture 5 has a dialogue at data\.dialogs\[0\]",
        ),
        ({"dialogs": []}, r"data\.dialogs: no dialogue"),
        ({"dialogs": {}}, r"data\.dialogs: Expected `array`, got `object`"),
        ({"questions": ["a", 1]}, r"data\.questions\[1\]: Expected `str`, got `int`"),
        ({"answers": "yes"}, r"data\.answers: Expected `array`, got `str`"),
        ({"split": "train"}, r"split: the split is 'train', not 'val2018'"),
        ({"text": '{"split": "val2018"}'}, "not a document of VisDial: Object missing required field `data`"),
        ({"text": '{"split": "val2018", "data": {}}'}, "data: Object missing required field `questions`"),
        ({"text": json.dumps({"split": "val2018", "data": content()})[:-3]}, "VisDial: Input data was truncated"),
        ({"text": ""}, "the file is empty"),
    ],
)
def test_a_fault_is_told_by_its_place(tmp_path, changes, message):
    raw = make_raw(tmp_path / "raw", **changes)
    with pytest.raises(InputError, match=message) as caught:
        read(raw)
    assert caught.value.file == raw / FILE
    assert caught.value.remedy


def test_a_folder_without_or_with_two_files_is_told(tmp_path):
    with pytest.raises(InputError, match=f"no {FILE} at or below"):
        read(tmp_path)
    make_raw(tmp_path / "one")
    make_raw(tmp_path / "two")
    with pytest.raises(InputError, match=f"2 files match {FILE}: one/{FILE}, two/{FILE}"):
        read(tmp_path)


def test_the_published_row_is_read_back_from_its_raw_layout(tmp_path, real_data):
    lines = map(json.loads, (real_data / "official_examples" / "test.jsonl").read_text(encoding="utf-8").splitlines())
    (row,) = (row for row in lines if row["task_name"] == "visual_dialog")
    image_id = int(row["unique_id"].rpartition("_")[2])
    talk = [*row["meta_data"]["dialog_hist"], {"q": row["question"], "a": row["target"]}]
    whole = {"image_id": image_id, "dialog": [turn(number, number) for number in range(len(talk))]}
    tables = {"questions": [said["q"] for said in talk], "answers": [said["a"] for said in talk]}
    raw = make_raw(tmp_path / "raw", dialogs=[whole], **tables)
    (raw / "VisualDialog_val2018" / f"VisualDialog_val2018_{image_id:012d}.jpg").write_bytes(PNG)
    rows = read_visdial(raw, CARD, ReaderOptions())
    store_task(tmp_path / "data", CARD.name, rows, world="official", source="VisDial", reader=VERSION)
    instance = list(DataFolder(tmp_path / "data").instances(CARD.name))[-1]
    assert instance.id == f"{row['unique_id']}_{len(talk)}"
    assert (instance.targets, instance.options) == ((row["target"],), ())
    assert instance.fields["question"] == f"{row['question']}?"
    assert instance.fields["question"] in row["prompt"]
    assert row["meta_data"]["caption"] not in render_request(CARD, instance, 1).prompt


DEPARTURES = {
    ("question", "is it night??", "is it night?"),
    ("question", "how many étoiles 漢 ?", "how many étoiles 漢?"),
    ("question", " what is \U0001f600 ??", "what is \U0001f600 ?"),
    ("question", "why\n?", "why?"),
    ("target", " 2 ", "2"),
}
"""Field, what the official preparation makes, what this harness makes; the history is always written otherwise."""


def test_the_official_preparation_agrees(tmp_path):
    raw = make_raw(tmp_path / "raw_datasets" / "visdial")
    (tmp_path / "run").mkdir()
    rows = official_rows("visdial.py", raw.parent, tmp_path / "run", task="visual_dialog")
    plain, faithful = read(raw), read(raw, FAITHFUL)
    departures, histories = set(), 0
    for row, ours, theirs in zip(rows, plain, faithful, strict=True):
        question, talk = f"{row['question']}?", row["meta_data"]["dialog_hist"]
        history = " ".join(f"{said['q']}, {said['a']};" for said in talk)
        assert theirs.id == ours.id == f"{row['unique_id']}_{len(talk) + 1}"
        assert ours.image == theirs.image == f"images/{row['image_path'].rpartition('/')[2]}"
        assert theirs.fields == {"question": question, "history": history or NO_HISTORY}
        assert theirs.targets == (row["target_txt"],) == (row["target"],)
        assert row["prompt"].endswith(question)
        histories += bool(history) and history in row["prompt"]
        departures |= {
            (name, official, own)
            for name, official, own in [
                ("question", question, ours.fields["question"]),
                ("target", row["target"], *ours.targets),
            ]
            if official != own
        }
    assert departures == DEPARTURES
    assert histories > 20
