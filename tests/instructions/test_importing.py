import pytest

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instructions.importing import HELD_OUT, import_set
from mibench.instructions.sets import read_set, write_set
from tests.instructions.template_files import SOURCE, write_source

CARDS = load_cards()


def imported(tmp_path, *changes):
    source = SOURCE
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return import_set(write_source(tmp_path, source), CARDS, "ours")


def refusal(tmp_path, *changes):
    with pytest.raises(InputError) as told:
        imported(tmp_path, *changes)
    return told.value


def line_of(words, *changes):
    source = SOURCE
    for old, new in changes:
        source = source.replace(old, new)
    return next(number for number, line in enumerate(source.splitlines(), 1) if words in line)


def test_the_nine_tasks_are_those_of_the_cards():
    assert {task.card for task in HELD_OUT} == {name for name, card in CARDS.items() if card.suite == "multimodal"}
    for task in HELD_OUT:
        assert {field.name for field in task.fields} == CARDS[task.card].fields.keys()


def test_templates_are_in_the_language_of_the_cards(tmp_path):
    found = imported(tmp_path)
    assert found.tasks.keys() == {task.card for task in HELD_OUT}
    assert found.tasks["visual_entailment"][:2] == ("Weigh it. It says: {text} ", 'May one infer "{text}" here?')
    assert found.tasks["visual_spatial_reasoning"][2] == "\n\n{options} These are on offer for: {text}"
    assert found.tasks["visual_spatial_reasoning"][1] == "Do they lie {{options}} so: {text}\n\n{options}"
    assert found.tasks["text_vqa"][2] == "Letters tell {{question}}: {question}"
    assert found.tasks["commonsense_vqa"][0] == "{question} {regions}"
    assert found.tasks["visual_dialogue"][0] == "Before: {history}\nNow: {question}"
    assert found.tasks["disaster_type_classification"][3] == "Sort the photo."
    assert (found.name, found.source.file) == ("ours", "instruction_templates.py")


def test_the_set_can_be_written_and_read(tmp_path):
    found = imported(tmp_path)
    write_set(tmp_path / "set.yaml", found)
    assert read_set(tmp_path / "set.yaml", CARDS) == found
    assert '- "Weigh it. It says: {text} "\n' in (tmp_path / "set.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("before", ["Judge: ", "[Options] : ", "[Options]: !"])
def test_options_without_their_heading_are_told(tmp_path, before):
    change = 'f"""Judge:{text}{options_str}"""', f'f"""{before}{{split_token.join(options)}} {{text}}"""'
    assert "shows the options without '[Options]: ' before them" in refusal(tmp_path, change).message


def test_departures_are_noted(tmp_path):
    dialogue = line_of("if len(dial_history) > 0")
    assert imported(tmp_path).notes == (
        "commonsense_vqa: instructions 3, 4, 5: leaves out {regions}, as the file does",
        f"visual_dialogue: line {dialogue}: where meta_data.dialog_hist is empty, the file has other wordings",
        "visual_dialogue: instructions 1, 2, 3, 4: {history} is in the file's form only "
        "in data prepared with the official quirks",
        "visual_dialogue: instruction 4: {history} is whole; the file shows meta_data.dialog_hist[-1] alone",
        "visual_dialogue: instruction 5: leaves out {history}, as the file does",
    )


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (
            "{k} is in {v[0]}.",
            "{k}: {v[0]}",
            "commonsense_vqa: instructions 1, 2: {regions} is in the card's own form, not in the file's",
        ),
        (
            "{dial_turn['q']}, {dial_turn['a']};",
            "{dial_turn['q']}: {dial_turn['a']}.",
            "visual_dialogue: instructions 1, 2, 3, 4: {history} is in the card's own form, not in the file's",
        ),
        (
            "Then {question}?",
            "Then {question}!",
            "visual_dialogue: instruction 4: {question} ends with '?', which the file leaves out",
        ),
        (
            "Which one?{options_str}",
            "Which one?",
            "disaster_type_classification: instruction 3: shows no options in the file; here they are appended",
        ),
        (
            "Sound? {text}{options_str}",
            "Sound {{text}}?{options_str}",
            "nlvr: instruction 1: leaves out {text}, as the file does",
        ),
    ],
)
def test_other_departures_are_noted(tmp_path, old, new, note):
    assert set(imported(tmp_path, (old, new)).notes) - set(imported(tmp_path).notes) == {note}


def test_a_task_needs_exactly_five_templates(tmp_path):
    four = ('            f"""Letters tell {{question}}: {question}""",\n', "")
    error = refusal(tmp_path, four)
    assert (error.line, error.message) == (line_of("text_vqa") + 1, "text_vqa: 4 templates, expected 5")
    six = (four[0], four[0] + '            f"""More: {question}""",\n')
    assert refusal(tmp_path, six).message == "text_vqa: 6 templates, expected 5"


def test_all_faults_are_told_at_once(tmp_path):
    changes = [
        ("'visual_nli'", "'something_else'"),
        ('f"""Spell it."""', 'f"""Spell {question.upper()}"""'),
        ('f"""Which letters?"""', 'f"""Which letters? {answer}"""'),
        ('f"""Judge:{text}{options_str}"""', 'f"""Judge:{text}{split_token.join(options)}"""'),
        ('f"""See and {question}"""', 'f"""{text}"""'),
    ]
    error = refusal(tmp_path, *changes)
    assert error.message.splitlines() == [
        "4 faults",
        f"  line {line_of('def build_instruction')}: no templates for the task 'visual_nli'",
        f"  line {line_of('Judge:')}: natural_language_visual_reasoning: "
        "shows the options without '[Options]: ' before them",
        f"  line {line_of('See and')}: text_vqa: shows text, for which the card text_vqa has no field",
        f"  line {line_of('Spell it')}: visual_text_extraction: template 2: "
        "not a text or a plain place of a row: question.upper()",
    ]


@pytest.mark.parametrize(
    ("old", "new", "words", "message"),
    [
        ("It reads", "It reads{options_str}", "It reads", "uses {options}, but the answer is free text"),
        ("It reads", "Spell  it.", "Spell  it.", "the same as template 2"),
        ("It reads", "", 'f""""""', "an empty template"),
        ("It reads", "\\x1b[31m", "\\x1b[31m", "a control character"),
        ("Which letters?", "Which {answer}", "Which {answer}", "shows answer, for which the card"),
    ],
)
def test_what_would_make_no_sound_set_is_told(tmp_path, old, new, words, message):
    error = refusal(tmp_path, (old, new))
    assert error.line == line_of(words, (old, new))
    assert message in error.message
