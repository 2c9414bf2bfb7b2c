import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import (
    INSTRUCTIONS,
    CardError,
    card_files,
    check_card,
    load_cards,
    placeholders,
    read_card,
    select_cards,
)
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.prompts import render_request

CARD = """\
name: nlvr
title: NLVR
suite: multimodal
cluster: Commonsense Reasoning
version: 1
description: Three boxes.
source:
  dataset: NLVR v1
  homepage: https://example.org
  license: CC-BY-4.0
  citation: Someone (2017).
  split: test
answer:
  kind: choice
  options: ["yes", "no"]
fields:
  text: the sentence
instructions:
  - "First {text}"
  - "Second {text}"
  - "Third {text}"
  - "Fourth {text}"
  - "Fifth {text}"
metrics: [accuracy]
generation:
  max_new_tokens: 8
data:
  mini: nlvr
  reader: nlvr
"""


def faults_of(tmp_path, text, known=None):
    path = tmp_path / "nlvr.yaml"
    path.write_text(text, encoding="utf-8")
    card, faults = check_card(path, known)
    assert (card is None) == bool(faults)
    assert all(fault.file == path for fault in faults)
    return [(fault.line, fault.message) for fault in faults]


def test_a_good_card_has_no_faults(tmp_path):
    assert faults_of(tmp_path, CARD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("cluster:", "klaster:", 4, "klaster: unknown field"),
        ("  split: test", "  split: test\n  url: x", 13, "source.url: unknown field"),
        ("Second {text}", "Second {sentence} {text}", 20, "undeclared field {sentence}"),
        ("Second {text}", "Second", 20, "leaves out {text}"),
        ('  - "Fifth {text}"\n', "", 18, "4 instructions, expected 5"),
        ("Fourth {text}", "first  {text}", 22, "instruction 4 equals instruction 1"),
        ("Second {text}", "Second {text!r}", 20, "plain field name"),
        ("Second {text}", "Second {text", 20, "instruction 2"),
        ('["yes", "no"]', "[yes, no]", 15, "answer.options.0"),
        ('["yes", "no"]', '["yes", "yes"]', 15, "two options are equal"),
        ("kind: choice", "kind: text", 15, "fixed options need kind: choice"),
        ("kind: choice", "kind: guess", 14, "answer.kind"),
        ("metrics: [accuracy]", "metrics: []", 24, "metrics"),
        ("metrics: [accuracy]", "metrics: [accuracy, accuracy]", 24, "named twice"),
        ("max_new_tokens: 8", "max_new_tokens: 0", 26, "generation.max_new_tokens"),
        ("max_new_tokens: 8", "max_new_tokens: '8'", 26, "generation.max_new_tokens"),
        ("version: 1", "version: 1\nversion: 2", 6, "'version' stands twice"),
        ("name: nlvr", "name: other", 1, "'other', its file 'nlvr'"),
        ("  text: the sentence", "  text: the sentence\n  options: taken", 18, "'options' is taken"),
        ("kind: choice", "kind: [", 16, "not YAML"),
        ("instructions:", "cut: moon\ninstructions:", 18, "the field 'moon' is not declared"),
        ("metrics: [accuracy]", 'metrics: ["evaluate:a.py"]', 24, "the first metric must score row by row"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path, old, new, line, words):
    assert old in CARD
    found = faults_of(tmp_path, CARD.replace(old, new, 1))
    assert any(words in message and at == line for at, message in found), found


def test_unknown_names_are_told_with_the_known_ones(tmp_path):
    path = tmp_path / "nlvr.yaml"
    path.write_text(CARD, encoding="utf-8")
    _, faults = check_card(path, {"metrics": {"rouge_l"}, "data.mini": {"other"}})
    assert [(fault.line, fault.remedy) for fault in faults] == [(24, "one of rouge_l"), (28, "one of other")]


NO_CARDS = [b"", b"- a list", b"\xff\xfe", b"a: &x [*x]", b"[" * 5000, b"!!python/object:os.system {}"]


@pytest.mark.parametrize("content", NO_CARDS)
def test_what_is_no_card_is_refused(tmp_path, content):
    path = tmp_path / "nlvr.yaml"
    path.write_bytes(content)
    card, faults = check_card(path)
    assert card is None
    assert len(faults) >= 1


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CardError, match="cannot be read"):
        read_card(tmp_path / "absent.yaml")


def test_the_digest_ignores_layout_and_sees_content(tmp_path):
    path = tmp_path / "nlvr.yaml"
    digests = []
    for text in (CARD, "# a comment\n" + CARD, CARD.replace("First", "Foremost")):
        path.write_text(text, encoding="utf-8")
        digests.append(read_card(path).digest)
    assert digests[0] == digests[1] != digests[2]


@given(st.text())
def test_placeholders_never_fail_but_by_value_error(text):
    try:
        names = placeholders(text)
    except ValueError:
        return
    assert all(name.isidentifier() for name in names)


def test_the_benchmark_has_nine_and_twenty_tasks():
    cards = load_cards()
    suites = [card.suite for card in cards.values()]
    assert (suites.count("multimodal"), suites.count("nlp")) == (9, 20)


@pytest.mark.parametrize("path", card_files(), ids=lambda path: path.stem)
def test_every_card_is_sound(path):
    card = read_card(path)
    assert len(card.instructions) == INSTRUCTIONS
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == path.stem
    fields = dict.fromkeys(card.fields, "[[field]]")
    options = card.answer.options or (("a", "b") if card.answer.kind != "text" else ())
    row = Instance(id="x", fields=fields, options=options, targets=("t",), group="x")
    prompts = [render_request(card, row, number).prompt for number in range(1, INSTRUCTIONS + 1)]
    assert len(set(prompts)) == INSTRUCTIONS
    assert all(prompt.strip() == prompt for prompt in prompts)


def test_instructions_differ_in_length_and_order():
    for card in load_cards().values():
        lengths = [len(template.split()) for template in card.instructions]
        assert max(lengths) >= 1.5 * min(lengths), card.name
        if card.fields:
            places = {template.rstrip().endswith("}") for template in card.instructions}
            assert places == {True, False}, f"{card.name}: the fields stand always in the same place"


def test_select_takes_names_and_suites():
    cards = load_cards()
    assert [card.name for card in select_cards(["nlvr"], cards)] == ["nlvr"]
    assert len(select_cards(["multimodal", "nlvr"], cards)) == 9
    assert select_cards(None, cards) == list(cards.values())
    with pytest.raises(InputError, match="unknown task 'nvlr'"):
        select_cards(["nvlr"], cards)


def test_what_may_be_cut_travels_with_the_request(tmp_path):
    path = tmp_path / "nlvr.yaml"
    instance = Instance(id="1", fields={"text": "It is so."}, options=("yes", "no"), targets=("yes",), group="1")
    for text, cut in ((CARD, ""), (CARD.replace("instructions:", "cut: text\ninstructions:"), "It is so.")):
        path.write_text(text, encoding="utf-8")
        assert render_request(read_card(path), instance, 1).cut == cut


def test_a_metric_of_evaluate_is_no_unknown_name(tmp_path):
    text = CARD.replace("metrics: [accuracy]", 'metrics: [accuracy, "evaluate:a.py"]')
    assert faults_of(tmp_path, text, {"metrics": {"accuracy"}}) == []
