import logging
from collections import Counter

import pytest

pytest.importorskip("torch")

from mibench.errors import InputError
from mibench.tuning.drawn_source import drawn_tasks
from mibench.tuning.natural_source import natural_tasks
from mibench.tuning.official_source import official_tasks
from mibench.tuning.recipe_source import example_source
from tests.tuning.official_files import recipe, row, write_natural, write_official


@pytest.fixture
def official(tmp_path):
    return write_official(tmp_path / "data")


@pytest.fixture
def both(tmp_path, official):
    write_natural(tmp_path / "natural")
    (tmp_path / "ofa").mkdir()
    return tmp_path


def names(source):
    return [[example.task for example in source.rows(step)] for step in range(source.steps)]


def test_official_rows_in_their_wordings(official, caplog):
    tasks = {task.name: task for task in official_tasks(*official)}
    assert {name: len(task) for name, task in tasks.items()} == {"VG": 6, "VQA": 6, "image_caption": 6}
    example = tasks["VG"].example(0, 1)
    assert example.source.startswith("Seek thing")
    assert example.target == "1 2 10 12"
    assert example.boxes
    assert example.picture.name.endswith(".png")
    assert example.picture.is_file()
    question = tasks["VQA"].example(0, 4)
    assert question.source.startswith("So is it")
    assert "[Options]: " in question.source
    assert not question.boxes
    assert "no rows of 50 of the 53 tasks" in caplog.text


def test_the_first_instructions_and_the_bare_name(official):
    few = {task.name: task.wordings for task in official_tasks(*official, wordings=2)}
    assert set(few.values()) == {2}
    bare = {task.name: task for task in official_tasks(*official, bare=True)}
    assert bare["VG"].wordings == 1
    assert bare["VG"].example(0, 0).source.startswith("VG\nthing")


def test_a_cap_does_not_depend_on_the_order_of_the_file(official):
    folder, templates = official
    ids = [task.row_id(row) for task in official_tasks(folder, templates, instances=1) for row in range(len(task))]
    for file in folder.glob("training_data/*/train.jsonl"):
        file.write_text("\n".join(reversed(file.read_text().splitlines())) + "\n")
    again = [task.row_id(row) for task in official_tasks(folder, templates, instances=1) for row in range(len(task))]
    assert ids == again
    assert len(ids) == 3


def test_held_out_rows_and_missing_pictures_are_refused(official):
    import json

    folder, templates = official
    file = folder / "training_data" / "VQA" / "train.jsonl"
    kept = file.read_text()
    file.write_text(kept + json.dumps(row("VQA", 7, task_name="text_vqa")) + "\n")
    with pytest.raises(InputError, match="held out"):
        official_tasks(folder, templates)
    file.write_text(kept + json.dumps(row("VQA", 7, image_path="pictures/none.png")) + "\n")
    with pytest.raises(InputError, match=r"none\.png"):
        official_tasks(folder, templates)


def test_natural_instructions_are_english_training_tasks(tmp_path):
    tasks = natural_tasks(write_natural(tmp_path), instances=3)
    assert [(task.name, len(task)) for task in tasks] == [("task1_one", 3), ("task3_three", 3)]
    example = tasks[0].example(0, 0)
    number = tasks[0].row_id(0).rpartition("-")[2]
    assert example.source == f"Do task1_one.\n\ntext {number}"
    assert (example.target, example.picture) == (f"out {number}", None)


def test_natural_tasks_of_the_test_split_are_refused(tmp_path):
    with pytest.raises(InputError, match="test split too"):
        natural_tasks(write_natural(tmp_path / "leaks", held_out=("task3_three",)))
    with pytest.raises(InputError, match=r"no splits/default/train_tasks\.txt"):
        natural_tasks(tmp_path / "nothing")
    folder = write_natural(tmp_path / "broken")
    (folder / "tasks" / "task1_one.json").write_text("{")
    with pytest.raises(InputError, match="not a task of Natural Instructions"):
        natural_tasks(folder)


def test_strategies(both):
    def counts(**changes):
        return [Counter(batch) for batch in names(example_source(recipe(both, **changes)))]

    pictures, texts = {"VG", "VQA", "image_caption"}, {"task1_one", "task3_three"}
    multi = counts(strategy="multi", steps=3)
    assert sum(multi, Counter()) == dict.fromkeys(pictures, 6)
    assert sum(counts(strategy="natural", steps=2, batch=4), Counter()) == dict.fromkeys(texts, 4)
    mixed = counts(strategy="mixed", steps=13, batch=2)
    assert sum(mixed, Counter()) == dict.fromkeys(pictures, 6) | dict.fromkeys(texts, 4)
    assert any(batch.keys() & texts for batch in mixed[6:])
    sequential = counts(strategy="sequential", steps=13, batch=2)
    assert set().union(*sequential[:4]) == texts
    assert set().union(*sequential[4:]) == pictures


def test_epochs_end_with_what_is_left(both):
    content = recipe(both, strategy="multi", epochs=1.5, steps=None, batch=4)
    source = example_source(content)
    assert [len(batch) for batch in names(source)] == [4] * 6 + [3]


def test_clusters_and_tasks(both, caplog):
    caplog.set_level(logging.ERROR)
    assert set().union(*names(example_source(recipe(both, clusters=1)))) == {"VQA"}
    assert set().union(*names(example_source(recipe(both, tasks=["VG"])))) == {"VG"}
    with pytest.raises(InputError, match="no rows of 'VQQ'"):
        example_source(recipe(both, tasks=["VG", "VQQ"]))
    with pytest.raises(InputError, match="no rows"):
        example_source(recipe(both, clusters=["region_understanding"]))


def test_drawn_families():
    tasks = drawn_tasks(("image_text_matching",), texts=False, instances=5)
    assert tasks
    task = tasks[0]
    example = task.example(3, 2)
    assert example == example._replace(source=task.example(3, 2).source, picture=example.picture)
    assert example.open_picture().size[0] > 50
    assert len({task.example(3, wording).source for wording in range(task.wordings)}) == task.wordings >= 20
    bare = drawn_tasks(None, (task.name,), texts=False, instances=5, bare=True)[0]
    assert bare.wordings == 1
    assert bare.example(3, 0).target == example.target


def test_every_family_has_rows():
    for texts in (False, True):
        for task in drawn_tasks(None, texts=texts, instances=1):
            example = task.example(0, 0)
            assert example.target
            assert (example.picture is None) == texts
