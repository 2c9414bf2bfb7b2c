import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.instances import Instance
from mibench.instructions.sets import BUILTIN, MAX_BYTES, InstructionSet, SetSource, read_set, write_set
from mibench.prompts import render_request

CARDS = load_cards()

SET = """\
format: 1
name: mine
source:
  file: templates.py
  sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
tasks:
  nlvr:
    - "First {text}"
    - "Second {text}"
    - "Third {options} {text}"
    - "Fourth"
    - "Fifth {text}"
  text_vqa:
    - "First {question}"
    - "Second {question}"
    - "Third {question}"
    - "Fourth {question}"
    - "Fifth {question}"
notes:
  - none to speak of
"""


def write(tmp_path, text):
    path = tmp_path / "set.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_is_read(tmp_path):
    found = read_set(write(tmp_path, SET), CARDS)
    assert found.templates(CARDS["nlvr"])[3] == "Fourth"
    assert found.source == SetSource(file="templates.py", sha256="0123456789abcdef" * 4)
    assert found.notes == ("none to speak of",)


def test_tasks_that_a_set_leaves_out_keep_the_cards_words(tmp_path):
    found = read_set(write(tmp_path, SET), CARDS)
    card = CARDS["grounded_vqa"]
    assert found.templates(card) == card.instructions
    assert found.worded(card) is card
    assert found.left_to_cards([CARDS["nlvr"], card]) == ("grounded_vqa",)


def test_a_worded_card_renders_the_sets_templates(tmp_path):
    card = CARDS["nlvr"]
    digest = card.digest
    worded = read_set(write(tmp_path, SET), CARDS).worded(card)
    row = Instance(id="1", fields={"text": "{So} it is."}, options=("no", "yes"), targets=("yes",), group="1")
    prompts = [render_request(worded, row, number).prompt for number in range(1, 6)]
    assert [prompt.partition("\n\n[Options]: ")[0] for prompt in prompts[:2]] == [
        "First {So} it is.",
        "Second {So} it is.",
    ]
    assert prompts[2] in {"Third [Options]: no||||yes {So} it is.", "Third [Options]: yes||||no {So} it is."}
    assert (card.digest, card.instructions) == (digest, load_cards()["nlvr"].instructions)
    assert worded.digest != digest
    assert worded.model_copy(update={"instructions": card.instructions}) == card


def test_the_built_in_set_is_the_cards():
    assert BUILTIN.digest == "builtin"
    assert BUILTIN.left_to_cards(CARDS.values()) == tuple(CARDS)
    assert all(BUILTIN.templates(card) == card.instructions for card in CARDS.values())


def test_the_digest_is_of_the_templates_alone(tmp_path):
    digest = read_set(write(tmp_path, SET), CARDS).digest
    assert digest.startswith("sha256:")
    other = yaml.safe_load(SET) | {"name": "other", "source": None, "notes": []}
    other["tasks"] = dict(reversed(other["tasks"].items()))
    assert InstructionSet.model_validate(other).digest == digest
    assert read_set(write(tmp_path, f"# a comment\n{SET}"), CARDS).digest == digest
    assert read_set(write(tmp_path, SET.replace("Fifth {text}", "Fifth: {text}")), CARDS).digest != digest


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("format: 1", "format: 2", 1, "format: Input should be 1"),
        ("notes:", "nots:", 19, "nots: unknown key"),
        ("name: mine\n", "", 1, "name: missing"),
        ("name: mine", "name: mine\nname: yours", 3, "the key 'name' stands twice"),
        ("0123456789abcdef0", "x", 5, "source.sha256"),
        ("  nlvr:", "  nvlr:", 7, "unknown task 'nvlr'"),
        ('    - "Fourth"\n', "", 7, "nlvr: 4 templates, expected 5"),
        ("Second {text}", "Second {sentence}", 9, "nlvr: template 2: unknown field {sentence}; the card has {text}"),
        ("Second {text}", "Second {text", 9, "nlvr: template 2: expected '}' before end of string"),
        ("Second {text}", "Second {text.upper}", 9, "nlvr: template 2: braces must hold a plain field name"),
        ("Second {text}", "Second {text!r}", 9, "nlvr: template 2: braces must hold a plain field name"),
        ("Second {text}", "first  {TEXT}", 9, "nlvr: template 2: unknown field {TEXT}"),
        ("Second {text}", "first  {text}", 9, "nlvr: template 2: the same as template 1"),
        ("Second {text}", "", 9, "tasks.nlvr.1: String should have at least 1 character"),
        ('"Second {text}"', "2", 9, "tasks.nlvr.1: Input should be a valid string"),
        ("Second {text}", "Second \\e[31m{text}", 9, "nlvr: template 2: a control character"),
        ("Third {question}", "Third {options}{question}", 16, "uses {options}, but the answer is free text"),
        ("  nlvr:", "  nlvr: [", 8, "not YAML"),
        ("  - none to speak of", "  none: so", 19, "notes: Input should be a valid tuple"),
    ],
)
def test_a_fault_names_file_and_line(tmp_path, old, new, line, words):
    assert old in SET
    path = write(tmp_path, SET.replace(old, new, 1))
    with pytest.raises(InputError) as told:
        read_set(path, CARDS)
    assert (told.value.file, told.value.line) == (path, line)
    assert words in told.value.message


def test_all_faults_are_told(tmp_path):
    with pytest.raises(InputError) as told:
        read_set(write(tmp_path, SET.replace("{text}", "{body}").replace("text_vqa", "textvqa")), CARDS)
    assert told.value.message.splitlines()[:3] == [
        "5 faults",
        "  line 8: nlvr: template 1: unknown field {body}; the card has {text}",
        "  line 9: nlvr: template 2: unknown field {body}; the card has {text}",
    ]
    assert "line 13: unknown task 'textvqa'" in told.value.message


ALIASES = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"- a list",
            b"\xff\xfe",
            b"a: &x [*x]",
            b"[" * 5000,
            b"a: " + b"[" * 5000,
            b"!!python/object:os.system {}",
        ),
        *(b"a: 2020-99-99", b"? [a, b]\n: c", b"{{}: 1}", ALIASES.encode(), b"tasks: {}\nname: a", b"a\0b: c"),
    ],
)
def test_what_is_no_set_is_refused(tmp_path, content):
    path = tmp_path / "set.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        read_set(path, CARDS)
    assert told.value.file == path


def test_absent_and_long_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_set(tmp_path / "absent.yaml", CARDS)
    with pytest.raises(InputError, match="longer than 1024 KiB"):
        read_set(write(tmp_path, "#" * (MAX_BYTES + 1)), CARDS)


def test_a_file_is_never_overwritten(tmp_path):
    path = write(tmp_path, SET)
    with pytest.raises(InputError, match="exists already"):
        write_set(path, read_set(path, CARDS))
    assert path.read_text(encoding="utf-8") == SET


words = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), min_size=1)


@given(st.lists(words, min_size=5, max_size=5, unique_by=lambda text: " ".join(text.lower().split())))
def test_any_text_survives_the_file(tmp_path_factory, texts):
    templates = tuple(text.replace("{", "{{").replace("}", "}}") for text in texts)
    path = tmp_path_factory.mktemp("set") / "set.yaml"
    written = InstructionSet(name="any", tasks={"nlvr": templates}, notes=("{a}: b #",))
    write_set(path, written)
    assert read_set(path, CARDS) == written
