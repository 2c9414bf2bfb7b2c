import os
import sys

import pytest

from mibench.errors import InputError
from mibench.instructions.following import MAX_TEXT, UnconvertibleError
from mibench.instructions.source import MAX_BYTES, convertible_tasks, read_templates
from tests.instructions.template_files import SOURCE, write_source

FUNCTION = """\
def build_instruction(task, text=None, options=None, meta_data=None, number=3, *, quiet=False):
    options_token = "[Options]: "; shown = f"{text}!"
    if task == 'one':
        instructs = [
            TEMPLATE,
            "b", "c", "d", "e",
        ]
    return random.choice(instructs), None
"""


def reasons(tmp_path, source, task="one"):
    with pytest.raises(UnconvertibleError) as told:
        read_templates(write_source(tmp_path, source)).task(task)
    return [(fault.line, fault.message) for fault in told.value.faults]


def wording(tmp_path, template):
    source = FUNCTION.replace("TEMPLATE", template)
    return str(read_templates(write_source(tmp_path, source)).task("one").templates[0].text)


def test_all_tasks_of_a_file_are_found_with_their_lines(tmp_path):
    source = read_templates(write_source(tmp_path))
    tasks, refused = convertible_tasks(source)
    assert list(source.tasks)[:3] == ["describe", "same", "places"]
    assert tasks.keys() | refused.keys() == set(source.tasks)
    lines = SOURCE.splitlines()
    assert "instructs" in lines[tasks["describe"].line - 1]
    assert "Say what you see." in lines[tasks["describe"].templates[0].line - 1]
    assert [len(tasks[name].templates) for name in ("describe", "places")] == [5, 6]
    assert str(tasks["describe"].templates[2].text) == "Braces {{stay}} in the photo, as do ünïcode and 漢字."


def test_what_cannot_be_converted_is_told(tmp_path):
    _, refused = convertible_tasks(read_templates(write_source(tmp_path)))
    told = {name: [message for _, message in error.faults] for name, error in refused.items()}
    assert set(told) == {"same", "shown_as_a_list", "gone", "four"}
    assert told["shown_as_a_list"] == [
        f"shown_as_a_list: template {number}: region is a list, and would be shown as Python writes it"
        for number in range(1, 5)
    ]
    assert told["gone"] == ["gone: the file raises an error instead of giving templates"]
    assert told["four"] == ["four: 4 templates, expected 5"]


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path):
    assert read_templates(write_source(tmp_path, f"\ufeff{SOURCE}")).task("describe").templates


def test_what_a_row_would_change_is_noted(tmp_path):
    source = read_templates(write_source(tmp_path))
    assert [
        note.partition(": ")[2] for name in ("steps", "fixed", "visual_dialog") for note in source.task(name).notes
    ] == [
        "where context is empty, the file has other words in its place",
        "the file shuffles its options for each row; here they stand as written",
        "where meta_data.dialog_hist is empty, the file has other wordings",
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("'plain'", "plain"),
        ("f'{text}'", "{text}"),
        ("'{text}'", "{{text}}"),
        ("f'{{text}} {text}'", "{{text}} {text}"),
        ("'a' f'{text}' 'b'", "a{text}b"),
        ("'a' + text + 'b'", "a{text}b"),
        ("text", "{text}"),
        ("f'{meta_data[\"odd key\"]}'", "{meta_data.'odd key'}"),
        ("f'{\", \".join(options)}'", "{options}"),
        ("'-'.join(['a', text])", "a-{text}"),
        ("f'{options_token}'", "[Options]: "),
        ("'a' if number > 2 else 'b'", "a"),
        ("'a' if not quiet else 'b'", "a"),
        ("'a' if quiet else 'b'", "b"),
        ("'a' if task != 'one' else 'b'", "b"),
        ("f'{options[-1]}'", "{options.-1}"),
        ("'a' if len(options) == 0 else 'b'", "b"),
        ("'a' if len(options) != 0 else 'b'", "a"),
        ("' '.join(f'{x} {options_token}' for x in options)", "{options}"),
    ],
)
def test_text_and_plain_places_are_converted(tmp_path, template, expected):
    assert wording(tmp_path, template) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("f'{text.upper()}'", "not a text or a plain place of a row: text.upper()"),
        ("f'{text.name}'", "text.name"),
        ("f'{text!r}'", "braces with a conversion or a format: text"),
        ("f'{text:>10}'", "braces with a conversion or a format: text"),
        ("f'{text=}'", "braces with a conversion or a format: text"),
        ("f'{options}'", "options is a list"),
        ("f'{number}'", "would be shown as Python writes it"),
        ("f'{absent}'", "the name 'absent' is bound nowhere"),
        ("f'{__import__(\"os\").getcwd()}'", "__import__"),
        ("'%s' % text", "'%s' % text"),
        ("'{}'.format(text)", "'{}'.format(text)"),
        ("'a' * 10 ** 10", "'a' * 10 ** 10"),
        ("(lambda: text)()", "lambda"),
        ("b'a'", "b'a'"),
        ("*options", "*options"),
        ("text[1:2]", "1:2"),
        ("text[text]", "not a plain place of a row"),
        ("'a' if text == 'b' else 'c'", "a condition that the row decides: text == 'b'"),
        ("'a' if number < 'b' else 'c'", "a condition that the row decides"),
        ("text.join(options)", "joined by something else than a text"),
        ("' '.join(number)", "not a list that can be joined"),
        ("' '.join(f'{x}' for x in options if x)", "a loop that is not followed"),
        ("' '.join(f'{k}' for k, v in meta_data.items() if k)", "a loop that is not followed"),
        ("' '.join(f'{x}' for x in ' '.join(options))", "a loop over something else than a place of a row"),
        ("' '.join(f'{x}{shown}' for x in options)", "the name 'shown' is bound nowhere"),
        ("' '.join(f'{x}' for x in 'abc')", "a loop over something else than a place of a row"),
        ("' '.join(f'{x}{text}' for x in options)", "the name 'text' is bound nowhere"),
        ("'\\ud800'", "half a surrogate pair"),
        ("-" * 900 + "1", "nested too deeply"),
        ("+".join(["text"] * 900), "nested too deeply"),
        (f"f'{{text}}{'a' * MAX_TEXT}'", f"longer than {MAX_TEXT} characters"),
    ],
)
def test_all_else_is_told_with_its_line(tmp_path, template, reason):
    [(line, message)] = reasons(tmp_path, FUNCTION.replace("TEMPLATE", template))
    assert line == 5
    assert message.startswith("one: template 1: ")
    assert reason in message


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("text = text.upper()", "one: template 1: not a text or a plain place of a row: text.upper()"),
        ("text += '!'", "one: a statement that is not followed: text += '!'"),
        ("meta_data['a'] = 1", "a statement that is not followed: meta_data['a'] = 1"),
        ("for x in text: pass", "a statement that is not followed: for x in text: pass"),
        ("import os; os.system('true')", "a statement that is not followed: import os"),
        ("if text == 'a': text = 'b'", "a condition that the row decides"),
        ("random.shuffle(text)", "a statement that is not followed: random.shuffle(text)"),
        ("random.shuffle(*text)", "a statement that is not followed: random.shuffle(*text)"),
        ("print(text)", "a statement that is not followed: print(text)"),
        ("return text", "what is returned is not chosen from a list of templates"),
        ("return random.choice(text)", "what is returned is not chosen from a list of templates"),
        ("return random.choice(['a'])", "what is returned is not chosen from a list of templates"),
    ],
)
def test_statements_that_may_change_a_template_are_told(tmp_path, statement, reason):
    source = FUNCTION.replace("TEMPLATE", "f'{text}'").replace("    if task", f"    {statement}\n    if task", 1)
    [(line, message)] = reasons(tmp_path, source)
    assert line == 3
    assert reason in message


def test_a_name_is_what_it_was_bound_to_last(tmp_path):
    source = FUNCTION.replace("TEMPLATE", "f'{text} {options_token}'")
    shadowed = source.replace(
        "    if task", "    text = 'a'\n    options_token = f'{text}b'\n    text = 'c'\n    if task", 1
    )
    assert str(read_templates(write_source(tmp_path, shadowed)).task("one").templates[0].text) == "c ab"


def test_texts_that_double_themselves_are_stopped(tmp_path):
    doubling = "    text = f'{text}{text}'\n" * 200
    source = FUNCTION.replace("TEMPLATE", "text").replace("    if task", f"{doubling}    if task", 1)
    [(_, message)] = reasons(tmp_path, source)
    assert f"longer than {MAX_TEXT} characters" in message


def test_a_list_may_be_indexed_instead_of_drawn_from(tmp_path):
    source = FUNCTION.replace("TEMPLATE", "text").replace("random.choice(instructs), None", "instructs[number]")
    assert len(read_templates(write_source(tmp_path, source)).task("one").templates) == 5


def test_a_function_without_a_return_or_a_task_is_told(tmp_path):
    source = FUNCTION.replace("TEMPLATE", "text")
    assert reasons(tmp_path, source.replace("return", "pass #")) == [(1, "one: the function returns nothing")]
    assert reasons(tmp_path, source, "two") == [(1, "no templates for the task 'two'")]


ACT = "__import__('pathlib').Path('CANARY').touch()"


def test_nothing_in_a_hostile_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = f"""\
import os
class Evil:
    {ACT}
    def __del__(self): {ACT}
def later(number={ACT}): pass
{SOURCE}
    {ACT}
"""
    source = hostile.replace("Spell it.", f"Spell {{{ACT}}}")
    tasks, refused = convertible_tasks(read_templates(write_source(tmp_path, source)))
    assert "visual_nli" in tasks
    [fault] = refused["visual_text_extraction"].faults
    assert "Spell" in source.splitlines()[fault.line - 1]
    assert [path.name for path in tmp_path.iterdir()] == ["instruction_templates.py"]


@pytest.mark.parametrize("code", ['os.system("touch CANARY")', ACT, "random = Evil()", f"if {ACT}: pass", "x = f()"])
def test_code_outside_of_the_function_is_refused(tmp_path, monkeypatch, code):
    monkeypatch.chdir(tmp_path)
    for source, line in ((f"import os\n{code}\n{SOURCE}", 2), (f"{SOURCE}\n{code}\n", len(SOURCE.splitlines()) + 1)):
        with pytest.raises(InputError, match="code outside of the function") as caught:
            read_templates(write_source(tmp_path, source))
        assert abs(caught.value.line - line) <= 1
    assert [path.name for path in tmp_path.iterdir()] == ["instruction_templates.py"]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 1, "no function build_instruction"),
        (b"class build_instruction: pass\n", 1, "no function build_instruction"),
        (b"if True:\n    def build_instruction(task): pass\n", 1, "no function build_instruction"),
        (b"x = 1\ndef build_instruction(task)\n", 2, "not Python: expected ':'"),
        (b"a\xff\n", 1, "not UTF-8: invalid start byte"),
        (b"# caf\xe9\n", 1, "not UTF-8"),
        ("def build_instruction(task): pass".encode("utf-16"), 1, "not UTF-8"),
        (b"PK\x03\x04\n\x00", None, "not Python"),
        (b"x\n@act\ndef build_instruction(task): pass\n", 2, "build_instruction is decorated"),
        (b"def build_instruction(task): pass\nbuild_instruction = len\n", 2, "build_instruction is bound again"),
        (b"def build_instruction(task): pass\ndef build_instruction(task): pass\n", 2, "bound again"),
        (b"def build_instruction(task): pass\nfrom os import system as build_instruction\n", 2, "bound again"),
        (b"x = " + b"(" * 100_000, 1, "not Python: too many nested parentheses"),
        (b"x = " + b"-" * 100_000 + b"1", None, "nested too deeply"),
        (b"x = a" + b"+a" * 100_000, None, "nested too deeply"),
        (b"if a: b\n" + b"elif a: b\n" * 20_000, None, "nested too deeply"),
        (b"x = " + b"9" * 5000, 1, "not Python: Exceeds the limit"),
    ],
)
def test_what_is_no_file_of_templates_is_refused(tmp_path, content, line, reason):
    path = tmp_path / "templates.py"
    path.write_bytes(content)
    with pytest.raises(InputError) as told:
        read_templates(path)
    assert told.value.file == path
    assert told.value.line == line
    assert reason in told.value.message


def test_a_long_file_a_folder_and_a_pipe_are_refused_unread(tmp_path):
    path = tmp_path / "templates.py"
    with path.open("wb") as file:
        file.truncate(50 << 20)
    with pytest.raises(InputError, match=f"longer than {MAX_BYTES >> 10} KiB"):
        read_templates(path)
    with pytest.raises(InputError, match="not a file"):
        read_templates(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_templates(tmp_path / "absent.py")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(InputError, match="not a file"):
            read_templates(tmp_path / "pipe")


def test_a_row_without_what_a_template_shows_is_told(tmp_path):
    task = read_templates(write_source(tmp_path)).task("places")
    for row in ({}, {"region": None}, {"region": [1]}, {"region": ["1 2 3 4", {}]}):
        with pytest.raises(InputError, match="the row has no text at region"):
            task.templates[0].fill(row)
