import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mibench.errors import InputError
from mibench.submissions.description import (
    FILE_NAME,
    MAX_BYTES,
    Description,
    Model,
    read_description,
    write_description,
)

GIVEN = {
    "name": "Test",
    "model": Model(name="test"),
    "harness": "0.1.0",
    "world": "official",
    "data": {"nlvr": "sha256:1"},
    "cards": {"nlvr": "sha256:2"},
    "created": "2020-01-31T12:00:00Z",
}
FULL = GIVEN | {
    "model": Model(name="näme: [1]", revision="1e5", parameters=930_000_000, url="https://example.org/a?b=c#d"),
    "adapter": "constant",
    "decoding": {"answer": "yes", "beams": 5, "temperature": 0.7, "sample": False, "stop": None, "octal": "010"},
    "seed": 3,
    "limit": 10,
    "wordings": (1, 3),
    "blind": True,
}

# PyYAML takes U+0085 for the end of a line.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), min_size=1, max_size=30)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts
)


def test_a_description_survives_its_file(tmp_path):
    for fields in (GIVEN, FULL):
        description = Description(**fields)
        write_description(tmp_path, description)
        assert read_description(tmp_path) == description


@settings(max_examples=50, deadline=None)
@given(name=texts, decoding=st.dictionaries(texts, scalars, max_size=4))
def test_any_text_and_setting_survives(tmp_path_factory, name, decoding):
    folder = tmp_path_factory.mktemp("description")
    description = Description(**GIVEN | {"name": name, "model": Model(name=name), "decoding": decoding})
    write_description(folder, description)
    assert read_description(folder) == description


def test_the_file_is_for_people(tmp_path):
    write_description(tmp_path, Description(**FULL))
    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert text.startswith("format: 1\nname: Test\nmodel:\n  name: 'näme: [1]'\n")
    assert "null" not in text.replace("stop: null", "")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"limit": 0}, "limit"),
        ({"created": "2020-01-31"}, "created"),
        ({"created": "2020-01-31T12:00:00+01:00"}, "created"),
        ({"world": "other"}, "world"),
        ({"seed": "0"}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"limit": 2**63}, "limit"),
        ({"model": {"name": "x", "parameters": 2**63}}, "model"),
        ({"decoding": {"large": 10**400}}, "decoding"),
        ({"decoding": {"endless": float("inf")}}, "decoding"),
        ({"decoding": {"none": float("nan")}}, "decoding"),
        ({"decoding": {"list": [1]}}, "decoding"),
        ({"extra": 1}, "extra"),
        ({"wordings": [0]}, "wordings"),
        ({"wordings": [1, 6]}, "wordings"),
        ({"wordings": ["1"]}, "wordings"),
        ({"wordings": [1.0]}, "wordings"),
        ({"wordings": "13"}, "wordings"),
        ({"wordings": 1}, "wordings"),
        ({"blind": "yes"}, "blind"),
        ({"blind": 1}, "blind"),
    ],
)
def test_wrong_values_are_refused(change, place):
    with pytest.raises(ValidationError) as caught:
        Description(**GIVEN | change)
    assert caught.value.errors()[0]["loc"][0] == place


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://", "https://a b", "ftp://example.org", "//example.org"])
def test_only_web_addresses_are_links(url):
    with pytest.raises(ValidationError):
        Model(name="test", url=url)


def test_a_fault_names_the_line_of_its_key(tmp_path):
    write_description(tmp_path, Description(**FULL))
    file = tmp_path / FILE_NAME
    file.write_text(file.read_text(encoding="utf-8").replace("seed: 3", "seed: three"), encoding="utf-8")
    line = file.read_text(encoding="utf-8").splitlines().index("seed: three") + 1
    with pytest.raises(InputError) as caught:
        read_description(tmp_path)
    assert (caught.value.file, caught.value.line) == (file, line)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a mapping of keys to values"),
        (b"- a list", "a mapping of keys to values"),
        (b"\xff", "not UTF-8: .* at byte 0"),
        (b"name: [", "not YAML"),
        (b"name: a\nmodel: {}\n  x: y", "not YAML"),
        (b"#" * (MAX_BYTES + 1), "longer than 256 KiB"),
        (b"name: a\nname: b", "stands twice"),
        (b"seed: 1" + b":10" * 300 + b".5", "not YAML"),
    ],
    ids=["empty", "list", "bytes", "open", "indent", "long", "twice", "float"],
)
def test_what_is_no_description_is_refused(tmp_path, content, words):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_description(tmp_path)


def test_a_bomb_of_aliases_is_refused(tmp_path):
    layers = [f"l{n}: &l{n} [{', '.join(9 * [f'*l{n - 1}'])}]" for n in range(1, 12)]
    (tmp_path / FILE_NAME).write_text("\n".join(["l0: &l0 [x]", *layers]))
    with pytest.raises(InputError, match="an alias of this is used") as caught:
        read_description(tmp_path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("make", ["nothing", "file", "folder"])
def test_a_folder_without_description_is_told(tmp_path, make):
    folder = tmp_path / "submission"
    if make == "file":
        folder.write_text("text")
    elif make == "folder":
        (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be read"):
        read_description(folder)
