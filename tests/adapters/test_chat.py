"""How requests become what processors read, with chat templates of many kinds and without any."""

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from mibench.adapters.chat import Chat
from mibench.adapters.processors import load_processor
from mibench.errors import InputError
from tests.adapters import tiny_models

OF_STRINGS = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{{ '[' + message['role'] + '] ' + message['content'] + ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
DEAF = "{% for message in messages %}{% if message['role'] == 'user' %}{{ message['content'] }}{% endif %}{% endfor %}"
BLIND = "{% for message in messages %}{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endfor %}"


@pytest.fixture(scope="module")
def llava(tmp_path_factory):
    return load_processor(str(tiny_models.make_llava(tmp_path_factory.mktemp("llava"), template=None)))


@pytest.fixture(scope="module")
def blip2(tmp_path_factory):
    return load_processor(str(tiny_models.make_blip2(tmp_path_factory.mktemp("blip2"))))


@pytest.fixture
def templates(llava, monkeypatch):
    """Give the processor, its tokenizer or neither a template."""

    def give(processor=None, tokenizer=None):
        monkeypatch.setattr(llava, "chat_template", processor)
        monkeypatch.setattr(llava.tokenizer, "chat_template", tokenizer)
        return llava

    return give


def test_parts_in_their_order(templates):
    processor = templates(tiny_models.LLAVA_TEMPLATE)
    chat = Chat(processor, system="Be brief.")
    assert chat.text("what?", with_picture=True) == "SYSTEM: Be brief. USER: <image>\nwhat? ASSISTANT:"
    assert chat.text("what?", with_picture=False) == "SYSTEM: Be brief. USER: what? ASSISTANT:"
    assert Chat(processor, image_first=False).text("what?", with_picture=True) == "USER: what?<image>\n ASSISTANT:"
    assert chat.settings == {}


@pytest.mark.parametrize("owner", ["processor", "tokenizer"])
def test_a_template_of_strings_gets_the_mark_of_a_picture(templates, owner):
    chat = Chat(templates(**{owner: OF_STRINGS}))
    assert chat.text("what?", with_picture=True) == "<s>[user] <image>\nwhat? [assistant]"
    assert chat.text("what?", with_picture=False) == "<s>[user] what? [assistant]"
    assert Chat(templates(**{owner: OF_STRINGS}), image_first=False).text("what?", with_picture=True) == (
        "<s>[user] what?\n<image> [assistant]"
    )
    assert chat.settings == {"add_special_tokens": False}


def test_without_a_template_the_mark_is_written_where_the_processor_needs_it(templates, blip2):
    chat = Chat(templates())
    assert chat.text("what?", with_picture=True) == "<image>\nwhat?"
    assert chat.text("what?", with_picture=False) == "what?"
    assert Chat(templates(), image_first=False).text("what?", with_picture=True) == "what?\n<image>"
    assert Chat(blip2).text("what?", with_picture=True) == "what?"
    assert chat.settings == {}


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (None, "has no chat template, so nothing for the system"),
        (OF_STRINGS, "takes no system prompt: System role not supported"),
        (DEAF, "leaves the system prompt out"),
    ],
)
def test_a_system_prompt_that_is_not_taken_is_told(templates, template, words):
    with pytest.raises(InputError, match=words) as told:
        Chat(templates(template), system="Be brief.")
    assert told.value.remedy == "leave system out of --model-args"


def test_a_template_without_a_place_for_pictures_is_told(templates):
    with pytest.raises(InputError, match="no place for a picture"):
        Chat(templates(BLIND))
