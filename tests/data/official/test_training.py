import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mibench.data.official import training
from mibench.data.official.training import (
    PASSED_OVER,
    REGION_ANSWERS,
    SEEN_TASKS,
    Tally,
    prompt,
    read_training,
    task_name_prompt,
    training_files,
)
from mibench.data.official.training_templates import read_training_templates
from mibench.errors import InputError
from mibench.instructions.importing import HELD_OUT
from mibench.prompts import option_order
from tests.builders import PNG
from tests.data.official.official_code import official_repository
from tests.instructions.template_files import HEAD, SOURCE, TAIL, Rows, run_templates, write_source

TASKS = r"""
    if task == 'image_caption':
        instructs = [f"Say it.", f"Tell it.", f"Name it.", f"Put it.", f"Word it.", f"A sixth."]
    elif task == 'VQA':
        instructs = [
            f"{question}{options_token} {split_token.join(options)}",
            f"Ask {question}{options_token} {split_token.join(options)} So?",
            f"{question}", f"{question}{options_str}", f"Now {question}{options_str}",
        ]
    elif task == 'GC':
        one = region_split_token.join(region)
        instructs = [f"What is in {one}?", f"In {one}", f"See {one}", f"Tell {one}", f"{region[0]} has"]
    elif task == 'VG':
        instructs = [f"Find {text}.", f"Seek {text}.", f"Where? {text}", f"At? {text}", f"Spot {text}."]
    elif task == 'VG_selection':
        instructs = [
            f"Pick {text}.{options_str}", f"Take {text}.{options_str}", f"Choose {text}.{options_str}",
            f"Select {text}.{options_str}", f"{text}?{options_str}",
        ]
    elif task == 'visual_subject_region':
        region=  region_split_token.join(meta_data['object_regions']['object'])
        instructs = [
            f"What is {meta_data['relation']} {region}?", f"What? {region}", f"Who? {region}", f"A? {region}",
            f"{meta_data['relation']} {region}",
        ]
    elif task == 'multimodal_factual_checking':
        instructs = [
            f"{context}: {text}?{options_str}", f"Weigh {text}.{options_str}", f"{text}?{options_str}",
            f"True? {text}{options_str}", f"So? {text}{options_str}",
        ]
    elif task == 'wikihow_next_step':
        context = '\n'.join(context) if len(context)>0 else '\"none\"'
        instructs = [f"After {context}", f"B {context}", f"C {context}", f"D {meta_data['method']}", f"E {text}"]
    elif task == 'wikihow_text_image_step_order':
        options = ['next','previous']
        random.shuffle(options)
        instructs = [
            f"{text} or?{options_token} {split_token.join(options)}", f"B{options_token} {split_token.join(options)}",
            f"C{options_token} {split_token.join(options)}", f"D{options_token} {split_token.join(options)}",
            f"E{options_token} {split_token.join(options)}",
        ]
    elif task == 'object_match':
        instructs = [f"A", f"B" f"C", f"D", f"E"]
    elif task == 'ok_vqa':
        raise NotImplementedError
"""

LEFT, RIGHT = [0, 12.5, 103.93, 477.40999999999997], [5, 6.0, 7, 1e-05]
LEFT_TEXT, RIGHT_TEXT = "0 12.5 103.93 477.40999999999997", "5 6.0 7 1e-05"
META = {"relation": "beside", "object_regions": {"subject": [LEFT], "object": [RIGHT, LEFT]}}


def row(task="VQA", **changes):
    fields = {"unique_id": "row_1", "task_name": task, "image_path": "./raw_datasets/a/1.jpg", "image_source": "a"}
    if task == "VQA":
        fields |= {"question": "Why {text}?", "options": ["b", "a"], "target_txt": "a"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


KINDS = {
    "options": (row(), ("Why {text}?\n\n[Options]: a||||b", "a"), "VQA\nWhy {text}?\n\n[Options]: a||||b"),
    "nothing but a picture": (row("image_caption", target_txt="A dog."), ("Say it.", "A dog."), "image_caption"),
    "a region in": (
        row("GC", region=[LEFT, RIGHT], target_txt="A tree"),
        (f"What is in {LEFT_TEXT}||||{RIGHT_TEXT}?", "A tree"),
        f"GC\n{LEFT_TEXT}||||{RIGHT_TEXT}",
    ),
    "a region out": (row("VG", region=[LEFT], text="a tree"), ("Find a tree.", LEFT_TEXT), "VG\na tree"),
    "two regions out": (
        row("VG", region=[LEFT, RIGHT], text="trees"),
        ("Find trees.", f"{LEFT_TEXT} {RIGHT_TEXT}"),
        "VG\ntrees",
    ),
    "regions as options": (
        row("VG_selection", region=[LEFT], options=[RIGHT, LEFT], text="a tree"),
        (f"Pick a tree.\n\n[Options]: {LEFT_TEXT}||||{RIGHT_TEXT}", LEFT_TEXT),
        f"VG_selection\na tree\n\n[Options]: {LEFT_TEXT}||||{RIGHT_TEXT}",
    ),
    "regions by name": (
        row("visual_subject_region", region=[LEFT], meta_data=META),
        (f"What is beside {RIGHT_TEXT}||||{LEFT_TEXT}?", LEFT_TEXT),
        f"visual_subject_region\nbeside\n{RIGHT_TEXT}||||{LEFT_TEXT}",
    ),
    "a context": (
        row("multimodal_factual_checking", context="It rains", text="wet", options=["no", "yes"], target_txt="yes"),
        ("It rains: wet?\n\n[Options]: no||||yes", "yes"),
        "multimodal_factual_checking\nIt rains\nwet\n\n[Options]: no||||yes",
    ),
    "a list of steps": (
        row("wikihow_next_step", context=["One", "Two"], text="Two", target_txt="3", meta_data={"method": "Counting"}),
        ("After One\nTwo", "3"),
        "wikihow_next_step\nOne\nTwo\nCounting\nTwo",
    ),
    "options of the file": (
        row("wikihow_text_image_step_order", text="Cut", target_txt="next"),
        ("Cut or?\n\n[Options]: next||||previous", "next"),
        "wikihow_text_image_step_order\nCut\n\n[Options]: next||||previous",
    ),
}
"""By the kind of row: the row as prepared, (source, target) under instruction 1, and the source after a bare name."""


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    return read_training_templates(write_source(tmp_path_factory.mktemp("templates"), HEAD + TASKS + TAIL))


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (found if isinstance(found, str) else json.dumps(found) for found in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def make_file(folder, *rows):
    """Write rows as the official preparation does, and return the file as it is found."""
    write(folder / "training_data" / "some+task" / "train.jsonl", *rows)
    (file,) = training_files(folder)
    return file


def read(folder, templates, *rows, tally=None, **options):
    return list(read_training(make_file(folder, *rows), templates, tally, **options))


@pytest.fixture
def sorted_options(monkeypatch):
    monkeypatch.setattr(training, "option_order", lambda options, **_: sorted(options))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("sorted_options")
def test_each_kind_of_row_is_put_into_words(tmp_path, templates, kind):
    prepared, expected, named = KINDS[kind]
    (found,) = read(tmp_path, templates, prepared)
    assert prompt(found, templates, 1) == expected
    assert task_name_prompt(found, templates) == (named, expected[1])
    assert found.image == tmp_path / "raw_datasets" / "a" / "1.jpg"
    assert (found.file, found.line) == (tmp_path / "training_data" / "some+task" / "train.jsonl", 1)


def assembled(prepared):
    """Return a row as the last official step writes it: boxes as texts, options in a new order, a prompt."""

    def texts(boxes):
        return [" ".join(map(str, box)) if isinstance(box, list) else box for box in boxes]

    found = json.loads(json.dumps(prepared)) | {"prompt": "Say!", "target": "this"}
    if "region" in found:
        found["region"] = texts(found["region"])
        found.setdefault("target_txt", " ".join(found["region"]))
    if "options" in found:
        found["options"] = texts(found["options"])[::-1]
    regions = found.get("meta_data", {}).get("object_regions", {})
    regions |= {name: texts(boxes) for name, boxes in regions.items()}
    return found


def test_rows_that_the_last_official_step_wrote_are_the_same(tmp_path, templates):
    rows = [prepared for prepared, _, _ in KINDS.values()]
    ours = read(tmp_path / "a", templates, *rows)
    (file,) = training_files(write(tmp_path / "b" / "train.jsonl", *map(assembled, rows)))
    again = list(read_training(file, templates))
    assert len({found.id for found in ours}) == len(rows)
    for one, other in zip(ours, again, strict=True):
        assert (one.id, one.fields, one.target) == (other.id, other.fields, other.target)
        assert sorted(one.options) == sorted(other.options)
        for number in range(1, 6):
            assert prompt(one, templates, number) == prompt(other, templates, number)


def test_an_id_is_of_the_row_and_not_of_its_place(tmp_path, templates):
    rows = [row(question=f"Why {number}?") for number in range(5)]
    ids = [found.id for found in read(tmp_path / "a", templates, *rows)]
    assert len(set(ids)) == 5
    assert all(name.startswith("row_1-") for name in ids)
    assert [found.id for found in read(tmp_path / "b", templates, *rows[::-1])] == ids[::-1]


def test_equal_rows_are_numbered_across_files(tmp_path, templates):
    tally = Tally()
    found = read(tmp_path / "a", templates, row(), row(), tally=tally)
    found += read(tmp_path / "b", templates, row(), row(unique_id="row_2"), tally=tally)
    first = found[0].id
    assert [one.id for one in found[:3]] == [first, f"{first}-2", f"{first}-3"]
    assert len({one.id for one in found}) == 4
    assert tally.read == {"VQA": 4}


def test_options_stand_in_the_harness_s_order(tmp_path, templates):
    options = [f"option {number}" for number in range(8)]
    (found,) = read(tmp_path, templates, row(options=options))
    orders = set()
    for seed in (0, 1):
        for number in (1, 2, 4, 5):
            keys = {"seed": seed, "task": "VQA", "instance": found.id, "instruction": number}
            shown = "||||".join(option_order(options, **keys))
            assert shown in prompt(found, templates, number, seed)[0]
            orders.add(shown)
    assert len(orders) == 8
    assert prompt(found, templates, 3) == ("Why {text}?", "a")


def test_options_of_the_file_itself_stand_in_either_order(tmp_path, templates):
    rows = [row("wikihow_text_image_step_order", text=str(number), target_txt="next") for number in range(30)]
    found = read(tmp_path, templates, *rows)
    for shown in (prompt, lambda one, among, number: task_name_prompt(one, among, number)):
        tails = {shown(one, templates, 2)[0].rpartition("]: ")[2] for one in found}
        assert tails == {"next||||previous", "previous||||next"}


def test_a_wording_beyond_the_last_is_told(tmp_path, templates):
    (found,) = read(tmp_path, templates, row("image_caption", target_txt="A dog."))
    assert prompt(found, templates, 6) == ("A sixth.", "A dog.")
    for number in (0, 7, -1):
        with pytest.raises(InputError, match=f"no instruction {number}: image_caption has 6"):
            prompt(found, templates, number)


@pytest.mark.parametrize(
    ("prepared", "words"),
    [
        (row(question=None), "VQA: the row has no text at question"),
        (row(options=[]), "VQA: the row has no text at options"),
        (row("GC", target_txt="A tree"), "GC: the row has no text at region"),
        (row("visual_subject_region", region=[LEFT], meta_data={}), "no text at meta_data.relation"),
        (row("wikihow_next_step", context=["a"], target_txt="b", meta_data={"method": 1}), "no text at meta_data.meth"),
    ],
)
def test_a_row_that_lacks_what_a_wording_shows_is_told(tmp_path, templates, prepared, words):
    _, found = read(tmp_path, templates, row(), prepared)
    for shown in (
        lambda: [prompt(found, templates, k) for k in range(1, 6)],
        lambda: task_name_prompt(found, templates),
    ):
        with pytest.raises(InputError, match=words) as caught:
            shown()
        assert (caught.value.file, caught.value.line) == (found.file, 2)


def test_what_is_not_trained_on_is_told_once_with_its_rows(tmp_path, templates):
    rows = [row(task) for task in ("VQA_absurd", "infilling", "infilling", "medic_informative", "ITM", "ok_vqa")]
    rows += [row("object_match", region="no row at all"), row(), row()]
    tally, lines = Tally(), (HEAD + TASKS).splitlines()
    four = lines.index(next(line for line in lines if 'f"B" f"C"' in line)) + 1
    raised = lines.index("        raise NotImplementedError") + 1
    assert len(read(tmp_path, templates, *rows, tally=tally)) == 2
    assert list(tally.messages()) == [
        "ITM: 1 row passed over: the file of templates has none for it",
        "VQA_absurd: 1 row passed over: the official code leaves it out",
        "infilling: 2 rows passed over: its answer is a picture, and the official code leaves it out",
        "medic_informative: 1 row passed over: it is made of the test data of the held-out task medic_disaster_types",
        f"object_match: 1 row passed over: instruction_templates.py:{four}: 4 templates, expected 5",
        f"ok_vqa: 1 row passed over: instruction_templates.py:{raised}: the file raises an error instead of giving "
        "templates",
    ]
    assert (tally.read, len(tally.absent), "VQA" in tally.absent) == ({"VQA": 2}, 52, False)
    with pytest.raises(InputError, match="no templates for the task ITM"):
        templates.wordings("ITM")


def test_tasks_and_wordings_may_be_a_user_s_own(tmp_path):
    own, tally = read_training_templates(write_source(tmp_path, SOURCE)), Tally()
    region = [LEFT, RIGHT]
    fields = {"text": "t", "question": "q", "region": region, "options": ["x"], "target_txt": "y"}
    (found,) = read(tmp_path, own, row("places", **fields, meta_data={"relation": "by"}), tally=tally)
    assert prompt(found, own, 2)[0] == f"First {LEFT_TEXT}, then {RIGHT_TEXT}. \n\n[Options]: x"
    named = f"places\n{LEFT_TEXT}||||{RIGHT_TEXT}\nq\nby\nt\n\n[Options]: x"
    assert task_name_prompt(found, own)[0] == named
    assert list(tally.messages()) == ["places: 1 row read; none of the 53 tasks of MultiInstruct"]


@pytest.mark.parametrize("name", sorted({name for task in HELD_OUT for name in (task.official, task.card)}))
def test_held_out_tasks_are_refused(tmp_path, name):
    own = read_training_templates(write_source(tmp_path, SOURCE))
    with pytest.raises(InputError, match=f"the task {name} is held out") as caught:
        read(tmp_path, own, row("describe", target_txt="A dog."), row(name))
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no", "no training row of MultiInstruct"),
        ("", "no training row of MultiInstruct"),
        ("null", "Expected `object`"),
        (json.dumps(row())[:-9], "no training row of MultiInstruct"),
        ("[" * 100_000, "no training row of MultiInstruct"),
        ('{"task_name": "VQA", "meta_data": ' + '{"a":' * 100_000, "no training row of MultiInstruct"),
        (row(7), "task_name"),
        (row(""), "task_name"),
        (row("VQA\n"), "task_name"),
        (row("V" * 101), "task_name"),
        ({"task_name": "VQA"}, "missing required field"),
        (row(unique_id=1), "unique_id"),
        (row(image_path=""), "image_path"),
        (row(image_path=["a.jpg"]), "image_path"),
        (row(question={}), "question"),
        (row(context=[1]), "context"),
        (row(options="ab"), "options"),
        (row(options=["a", 1]), r"options\[1\]"),
        (row(options=["a", [1, 2, 3]]), r"options\[1\]"),
        (row(target_txt=["a"]), "target_txt"),
        (row(target_txt=None), "VQA: no target_txt"),
        (row("VG", text="a"), "VG: no region, which is the answer"),
        (row("VG", text="a", region=[]), "VG: no region, which is the answer"),
        (row("VG", text="a", region=LEFT), "region"),
        (row("VG", text="a", region=[[1, 2, 3]]), "region"),
        (row("VG", text="a", region=[[1, 2, 3, True]]), "region"),
        (row("VG", text="a", region=[[1, 2, 3, float("nan")]]), "no training row"),
        (row("VG", text="a", region=[[1, 2, 3, 10**20]]), "is no box"),
        (row("VG", text="a", region=[""]), "'' is no box"),
        (
            json.dumps(row("VG", text="a")).replace("}", ', "region": [[1, 2, 3, ' + "9" * 5000 + "]]}"),
            "no training row",
        ),
        (row("VG", text="a", region=["1 2 3"]), "'1 2 3' is no box"),
        (row("VG", text="a", region=["x" * 9999]), "is no box"),
        (row(meta_data=[]), "meta_data"),
        (row(meta_data={"object_regions": [LEFT]}), "VQA: meta_data.object_regions: Expected `object`"),
        (row(meta_data={"object_regions": {"a": LEFT}}), "meta_data.object_regions: Expected"),
        (row(meta_data={"object_regions": {"a": ["b"]}}), "'b' is no box"),
        (row(image_path="../1.jpg"), r"the picture '../1.jpg' is not inside"),
        (row(image_path="raw/../../../1.jpg"), "is not inside"),
    ],
)
def test_a_faulty_row_is_told_by_its_line(tmp_path, templates, content, words):
    file = make_file(tmp_path, row(), content, row())
    rows = read_training(file, templates)
    assert next(rows).line == 1
    with pytest.raises(InputError, match=words) as caught:
        list(rows)
    assert (caught.value.file, caught.value.line) == (file.path, 2)
    assert caught.value.remedy
    assert len(str(caught.value)) < 1000


def test_bytes_that_are_no_utf8_are_told_by_their_line(tmp_path, templates):
    file = make_file(tmp_path, row(), row())
    file.path.write_bytes(file.path.read_bytes().replace(b"Why", b"W\xffy"))
    with pytest.raises(InputError, match="no training row") as caught:
        list(read_training(file, templates))
    assert caught.value.line == 1


def test_nesting_is_read_or_told_at_any_depth(tmp_path, templates):
    lines = set()
    for depth in (50, *range(900, 1020, 3), 5_000):
        nested = '{"a": ' * depth + "1" + "}" * depth
        text = json.dumps(row(meta_data={})).replace('"meta_data": {}', f'"meta_data": {nested}')
        try:
            lines |= {found.line for found in read(tmp_path, templates, text)}
        except InputError as error:
            lines.add((error.file is not None, error.line))
    assert lines == {1, (True, 1)}


def test_an_empty_file_and_a_line_far_too_long_are_told(tmp_path, templates):
    file = make_file(tmp_path)
    with pytest.raises(InputError, match="empty"):
        list(read_training(file, templates))
    with file.path.open("r+b") as content:
        content.truncate(200 << 20)
    with pytest.raises(InputError, match="longer than 16 MiB"):
        list(read_training(file, templates))


def test_more_tasks_than_anybody_has_are_refused(tmp_path, templates):
    with pytest.raises(InputError, match="more than 1,000 tasks") as caught:
        read(tmp_path, templates, *(row(f"task{number}") for number in range(1002)))
    assert caught.value.line == 1001


def test_pictures_are_looked_for_when_asked(tmp_path, templates):
    beside = tmp_path / "raw_datasets" / "a" / "1.jpg"
    with pytest.raises(InputError, match=r"1\.jpg is missing") as caught:
        read(tmp_path, templates, row(), pictures=True)
    assert caught.value.line == 1
    beside.parent.mkdir(parents=True)
    beside.write_bytes(PNG)
    for name in ("./raw_datasets/a/1.jpg", "raw_datasets/a/1.jpg", str(beside)):
        (found,) = read(tmp_path, templates, row(image_path=name), pictures=True)
        assert found.image == beside
    for name in ("/nowhere/1.jpg", "raw_datasets", "a\0b", "long" * 2000, "/"):
        with pytest.raises(InputError, match="is missing"):
            read(tmp_path, templates, row(image_path=name), pictures=True)


def paths(root):
    return [(str(file.path.relative_to(root)), file.base) for file in training_files(root)]


def test_the_files_of_a_preparation_are_found_from_anywhere(tmp_path, monkeypatch):
    above, tmp_path = tmp_path, tmp_path / "repository"
    for name in ("b+VQA", "a+GC"):
        write(tmp_path / "training_data" / name / "train.jsonl", row())
        write(tmp_path / "training_data" / name / "valid.jsonl", row())
    write(tmp_path / "testing_data" / "nlvr" / "test.jsonl", row("visual_nli"))
    write(tmp_path / "train.jsonl", row())
    data = tmp_path / "training_data"
    names = ["a+GC/train.jsonl", "b+VQA/train.jsonl"]
    assert paths(tmp_path) == [(f"training_data/{name}", tmp_path) for name in names]
    assert paths(data) == [(name, tmp_path) for name in names]
    assert paths(data / "a+GC") == [("train.jsonl", tmp_path)]
    assert training_files(data / "a+GC" / "train.jsonl") == training_files(data / "a+GC")
    assert training_files(above) == training_files(tmp_path)
    monkeypatch.chdir(data)
    assert training_files(Path()) == training_files(data)


def test_one_file_with_many_tasks_is_found(tmp_path):
    write(tmp_path / "deep" / "train.jsonl", row())
    for root in (tmp_path, tmp_path / "deep", tmp_path / "deep" / "train.jsonl"):
        assert training_files(root) == [(tmp_path / "deep" / "train.jsonl", tmp_path / "deep")]
    write(tmp_path / ".part" / "train.jsonl", row())
    assert len(training_files(tmp_path)) == 1
    write(tmp_path / "train.jsonl", row())
    write(tmp_path / "older" / "training_data" / "VQA" / "train.jsonl", row())
    assert training_files(tmp_path) == [(tmp_path / "train.jsonl", tmp_path)]


def test_absent_and_ambiguous_files_are_told(tmp_path):
    with pytest.raises(InputError, match="neither a folder nor a file"):
        training_files(tmp_path / "absent")
    with pytest.raises(InputError, match=r"no train\.jsonl"):
        training_files(tmp_path)
    for name in ("one", "two"):
        write(tmp_path / name / "train.jsonl", row())
    with pytest.raises(InputError, match=r"2 files train\.jsonl in no folder training_data: one/train\.jsonl, two/tra"):
        training_files(tmp_path)


@pytest.fixture(scope="module")
def official():
    return official_repository()


@pytest.fixture(scope="module")
def official_templates(official):
    return read_training_templates(official / "instruction_templates.py")


def test_the_lists_of_tasks_are_those_of_the_official_code(official, official_templates):
    build = ast.parse((official / "build_dataset.py").read_text(encoding="utf-8"))
    sets = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in build.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Set)
    }
    code = (official / "instruction_templates.py").read_text(encoding="utf-8")
    training_half, _, testing_half = code.partition(" testing tasks ")
    named = official_templates.tasks.keys() | official_templates.refused.keys()
    in_training_half = {name for name in named if f"task == '{name}'" in training_half}
    pictures = sets["OUTPUT_IMAGE_CODE_TASK"]
    assert in_training_half - pictures == SEEN_TASKS
    assert len(SEEN_TASKS) == 53
    assert official_templates.tasks.keys() >= SEEN_TASKS
    held_out = {task.official for task in HELD_OUT}
    related = PASSED_OVER.keys() - pictures - sets["MISSING_TASK"]
    assert related | held_out | pictures | {"ok_vqa", "purpose_driven_affordance"} == (
        {name for name in named if f"task == '{name}'" in testing_half} | pictures
    )
    assert pictures | sets["MISSING_TASK"] < PASSED_OVER.keys()
    assert sets["OUTPUT_REGION_TASK"] - held_out == REGION_ANSWERS


ABSENT_FROM_THE_SAMPLE = [
    row("object_region_selection", region=[LEFT], options=[LEFT, RIGHT], text="a cat"),
    row("GC_selection", region=[LEFT], options=["a cat", "a dog"], target_txt="a dog"),
    row("region_caption_match", region=[RIGHT], options=["yes", "no"], text="a cat", target_txt="no"),
]


def sample(official):
    """Return the rows that the official repository shows."""
    with (official / "train.jsonl").open(encoding="utf-8") as lines:
        return list(map(json.loads, lines))


def told_by_the_official_order(monkeypatch, found, templates, shown):
    """Return our (source, target) under all wordings, the options in the order of an official row."""
    order = shown.get("options") or shown["prompt"].rpartition("]: ")[2].split("||||")
    monkeypatch.setattr(training, "option_order", lambda options, **_: sorted(options, key=order.index))
    return [prompt(found, templates, number) for number in range(1, len(templates.wordings(found.task)) + 1)]


def test_every_prompt_of_the_official_sample_is_ours(official, official_templates, monkeypatch):
    (file,) = training_files(official / "train.jsonl")
    tally = Tally()
    found = list(read_training(file, official_templates, tally))
    for one, shown in zip(found, sample(official), strict=True):
        ours = told_by_the_official_order(monkeypatch, one, official_templates, shown)
        assert (shown["prompt"], shown["target"]) in ours
    assert (len(found), len(tally.read), list(tally.messages())) == (59, 50, [])
    assert tally.absent == sorted(one["task_name"] for one in ABSENT_FROM_THE_SAMPLE)


def prepared_again(shown):
    """Return a row of the sample as it was before the last official step."""

    def numbers(boxes):
        return [[json.loads(edge) for edge in box.split()] for box in boxes]

    found = {name: value for name, value in shown.items() if name not in ("prompt", "target")}
    if "region" in found:
        found["region"] = numbers(found["region"])
    if found["task_name"] in REGION_ANSWERS:
        del found["target_txt"]
        if "options" in found:
            found["options"] = numbers(found["options"])
    regions = found.get("meta_data", {}).get("object_regions", {})
    regions |= {name: numbers(boxes) for name, boxes in regions.items()}
    return found


def test_prepared_rows_become_what_the_official_code_makes_of_them(official, official_templates, monkeypatch, tmp_path):
    rows = [prepared_again(shown) for shown in sample(official)] + ABSENT_FROM_THE_SAMPLE
    for number, prepared in enumerate(rows):
        write(tmp_path / "training_data" / f"{number:02}" / "train.jsonl", prepared | {"number": number})
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    command = [sys.executable, official / "build_dataset.py"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    with (tmp_path / "train.jsonl").open(encoding="utf-8") as lines:
        theirs = {shown["number"]: shown for shown in map(json.loads, lines)}
    tally = Tally()
    for number, file in enumerate(training_files(tmp_path)):
        (found,) = read_training(file, official_templates, tally)
        shown = theirs.pop(number)
        ours = told_by_the_official_order(monkeypatch, found, official_templates, shown)
        assert (shown["prompt"], shown["target"]) in ours
        assert found.fields.get("meta_data") == shown.get("meta_data")
        assert found.fields.get("region") == shown.get("region")
    assert not theirs
    assert tally.read.keys() == SEEN_TASKS


def random_row(random_rows, task):
    made = random_rows.row()
    named = {name: random_rows.box() for name in ("subject", "object", "given_region")}
    made["meta_data"] = {
        "relation": random_rows.text(),
        "method": random_rows.text(),
        "object_regions": {name: [box] for name, box in named.items()},
    }
    if task == "wikihow_next_step":
        made["context"] = [random_rows.text() for _ in range(random_rows.random.randint(1, 4))]
    if task in ("wikihow_text_image_step_order", "wikihow_image_text_step_order"):
        del made["options"]
    return made


def test_every_wording_of_the_53_tasks_is_the_official_one(official, official_templates, monkeypatch, tmp_path):
    monkeypatch.setattr(training, "option_order", lambda options, **_: list(options))
    tasks = [task for task in sorted(SEEN_TASKS) for _ in range(5)]
    made = [random_row(Rows(f"{task} {number}"), task) for number, task in enumerate(tasks)]
    calls = [({"task": task, **found}, None) for task, found in zip(tasks, made, strict=True)]
    theirs = run_templates(official / "instruction_templates.py", calls)
    rows = [row(task, options=None, target_txt="x") | found for task, found in zip(tasks, made, strict=True)]
    for found, expected in zip(read(tmp_path, official_templates, *rows), theirs, strict=True):
        assert [prompt(found, official_templates, k)[0] for k in range(1, len(expected) + 1)] == expected


DEPARTURES = {"wikihow_next_step": "with no step before, the file has a word of its own; no official row is so"}
"""By the task, where a prompt is not the official one."""


def test_the_one_departure_is_a_row_without_earlier_steps(official, official_templates, tmp_path):
    fields = {"context": [], "text": "Cut", "target_txt": "x", "meta_data": {"method": "Cooking"}}
    (task,) = DEPARTURES
    (found,) = read(tmp_path, official_templates, row(task, **fields))
    arguments = {"task": task, **{name: fields[name] for name in ("context", "text", "meta_data")}}
    (theirs,) = run_templates(official / "instruction_templates.py", [(arguments, None)])
    ours = [prompt(found, official_templates, number)[0] for number in range(1, 6)]
    assert all('"nothing"' in other for other in theirs)
    assert ours == [other.replace('"nothing"', "") for other in theirs]
