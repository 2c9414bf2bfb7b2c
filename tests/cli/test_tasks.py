import json

import pytest
import yaml

from mibench.cards import TaskCard, cards_directory, load_cards
from mibench.instructions.sets import InstructionSet, write_set
from mibench.prompts import render_request
from tests.builders import make_data
from tests.cli.program import mibench


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def test_list_names_every_card():
    text = mibench("tasks", "list").stdout
    assert [name for name in load_cards() if name not in text] == []
    found = json.loads(mibench("tasks", "list", "--json").stdout)
    assert [card["name"] for card in found] == list(load_cards())


def test_show_prints_the_card():
    for card in (
        TaskCard.model_validate(yaml.safe_load(mibench("tasks", "show", name).stdout)) for name in load_cards()
    ):
        assert card == load_cards()[card.name]
    found = json.loads(mibench("tasks", "show", "nlvr", "--json").stdout)
    assert found["instructions"] == list(load_cards()["nlvr"].instructions)


def test_show_prints_the_five_prompts_as_a_model_reads_them(data):
    instance = next(row for row in data.instances("nlvr") if row.id == "row-3")
    prompts = [render_request(load_cards()["nlvr"], instance, number, seed=2).prompt for number in range(1, 6)]
    arguments = ["tasks", "show", "nlvr", "--instance", "row-3", "--seed", "2", "--data", data.path]
    assert json.loads(mibench(*arguments, "--json").stdout) == prompts
    expected = "".join(f"--- instruction {number}\n{prompt}\n" for number, prompt in enumerate(prompts, 1))
    assert mibench(*arguments).stdout == expected
    assert all("Statement 3." in prompt and "\n\n[Options]: " in prompt for prompt in prompts)


def test_show_prints_the_card_and_the_prompts_in_the_words_of_a_set(tmp_path, data):
    path = tmp_path / "set.yaml"
    words = InstructionSet(name="ours", tasks={"nlvr": tuple(f"{number}: {{text}}" for number in range(5))})
    write_set(path, words)
    card = words.worded(load_cards()["nlvr"])
    assert TaskCard.model_validate(yaml.safe_load(mibench("tasks", "show", "nlvr", "--instructions", path).stdout)) == (
        TaskCard.model_validate(card.model_dump())
    )
    instance = next(data.instances("nlvr"))
    arguments = ["--instance", instance.id, "--data", data.path, "--instructions", path, "--json"]
    prompts = json.loads(mibench("tasks", "show", "nlvr", *arguments).stdout)
    assert prompts == [render_request(card, instance, number).prompt for number in range(1, 6)]
    assert prompts[4].startswith("4: Statement 0.")


def test_show_keeps_the_words_of_a_card_that_a_set_leaves_out_and_says_so(tmp_path):
    path = tmp_path / "set.yaml"
    write_set(path, InstructionSet(name="ours", tasks={"nlvr": tuple(f"{number}: {{text}}" for number in range(5))}))
    result = mibench("tasks", "show", "text_vqa", "--instructions", path)
    assert result.stdout == mibench("tasks", "show", "text_vqa").stdout
    assert result.stderr == "asked in the words of their cards: text_vqa\n"


def test_an_unknown_instance_is_told_with_an_example(data):
    result = mibench("tasks", "show", "nlvr", "--instance", "row-99", "--data", data.path, status=2)
    assert "no instance 'row-99' of nlvr in this data (as row-0)" in result.stderr


def test_the_cards_in_the_box_are_sound():
    result = mibench("tasks", "check")
    assert (result.stdout, result.stderr) == ("", f"{len(load_cards())} cards, 0 faults\n")


def test_check_tells_every_fault_with_its_line_and_status_1(tmp_path):
    good = cards_directory() / "multimodal" / "nlvr.yaml"
    text = good.read_text(encoding="utf-8")
    bad, other, absent = tmp_path / "nlvr.yaml", tmp_path / "other.yaml", tmp_path / "absent.yaml"
    bad.write_text(text.replace("cluster:", "klaster:").replace("version: 1", "version: one"))
    other.write_text(text.replace("name: nlvr", "name: other", 1).replace("reader: nlvr", ""))
    result = mibench("tasks", "check", good, bad, other, absent, status=1)
    places = [line.partition(": ")[0] for line in result.stdout.splitlines()]
    assert {f"{bad}:4", f"{bad}:5", str(absent)} < set(places)
    assert any(place.startswith(f"{other}:") for place in places)
    assert result.stderr == f"4 cards, {len(places)} faults\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("metrics: [accuracy,", "metrics: [guess,", "metrics: unknown name 'guess'"),
        ("mini: nlvr", "mini: moon", "data.mini: unknown name 'moon'"),
    ],
)
def test_check_knows_metrics_and_generators(tmp_path, old, new, words):
    text = (cards_directory() / "multimodal" / "nlvr.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "nlvr.yaml").write_text(text.replace(old, new))
    assert words in mibench("tasks", "check", tmp_path / "nlvr.yaml", status=1).stdout
