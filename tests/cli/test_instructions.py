import json

import pytest

from mibench.cards import load_cards
from mibench.instructions.sets import read_set
from tests.cli.program import mibench
from tests.instructions.template_files import SOURCE, write_source


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "ours.yaml"
    mibench("instructions", "import", write_source(tmp_path), "--output", path)
    return path


def test_import_writes_a_set_and_tells_its_digest(tmp_path):
    path = tmp_path / "ours.yaml"
    result = mibench("instructions", "import", write_source(tmp_path), "--output", path)
    found = read_set(path, load_cards())
    assert result.stdout.splitlines() == [
        f"{path}: five instructions for each of 9 tasks, not the wording of MultiInstruct 1.0",
        found.digest,
    ]
    assert result.stderr.splitlines() == [f"note: {note}" for note in found.notes]
    assert found.name == "ours"


def test_import_prints_json(tmp_path):
    path = tmp_path / "set.yaml"
    arguments = ["instructions", "import", write_source(tmp_path), "--output", path, "--name", "Ours"]
    found = json.loads(mibench(*arguments, "--json").stdout)
    assert read_set(path, load_cards()).name == "Ours"
    assert (found["digest"], found["official"]) == (read_set(path, load_cards()).digest, False)
    assert len(found["tasks"]) == 9


def test_import_tells_faults_and_writes_nothing(tmp_path):
    source = write_source(tmp_path, SOURCE.replace('f"""Spell it."""', 'f"""{question.upper()}"""'))
    result = mibench("instructions", "import", source, "--output", tmp_path / "set.yaml", status=2)
    assert f"error: {source}:" in result.stderr
    assert "question.upper()" in result.stderr
    assert not (tmp_path / "set.yaml").exists()


def test_import_overwrites_nothing(tmp_path, written):
    before = written.read_bytes()
    result = mibench("instructions", "import", write_source(tmp_path), "--output", written, status=2)
    assert "exists already" in result.stderr
    assert written.read_bytes() == before


def test_show_prints_a_set(written):
    result = mibench("instructions", "show", written, "--task", "text_vqa")
    assert result.stdout.startswith("--- text_vqa, instruction 1\nRead.\n\n{question}\n--- text_vqa, instruction 2\n")
    assert f"ours: {read_set(written, load_cards()).digest}\n" in result.stderr
    assert "note: visual_dialogue: " in result.stderr


def test_show_tells_tasks_that_keep_their_cards_words(written):
    name = next(card.name for card in load_cards().values() if card.suite == "nlp")
    assert mibench("instructions", "show", written, "--task", name).stdout.startswith(
        f"--- {name}, instruction 1 (the card's own)\n"
    )
    found = json.loads(mibench("instructions", "show", written, "--json").stdout)
    assert len(found["tasks"]) == len(load_cards())
    assert len(found["cards_own"]) == len(load_cards()) - 9
    assert found["tasks"]["text_vqa"][0] == "Read.\n\n{question}"


def test_show_without_a_set_prints_the_cards():
    result = mibench("instructions", "show", "--task", "nlvr")
    assert result.stdout.startswith(f"--- nlvr, instruction 1\n{load_cards()['nlvr'].instructions[0]}\n")
    assert result.stderr == "builtin: builtin\n"
    found = json.loads(mibench("instructions", "show", "--json").stdout)
    assert found["digest"] == "builtin"
    assert found["source"] is None


def test_show_tells_what_is_wrong_with_a_set(written):
    text = written.read_text(encoding="utf-8").replace("{question}", "{asked}", 1)
    written.write_text(text, encoding="utf-8")
    line = next(number for number, words in enumerate(text.splitlines(), 1) if "{asked}" in words)
    assert f"error: {written}:{line}: " in mibench("instructions", "show", written, status=2).stderr
