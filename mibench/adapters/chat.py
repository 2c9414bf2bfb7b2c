"""How a request becomes the text that a processor of pictures and texts reads."""

from collections.abc import Callable
from typing import Any

from jinja2 import TemplateError
from PIL import Image

from mibench.adapters.processors import image_token
from mibench.errors import InputError

PROBE = "What is it?"
SIDE = 64
"""Of a blank picture, in pixels, on which a processor shows where it puts pictures."""

_REFUSALS = (TemplateError, TypeError, ValueError, KeyError, AttributeError)

Content = str | list[dict[str, str]]


class Chat:
    """Writes prompts by the chat template of a processor or of its tokenizer, or without any where there is none.

    Without a template, a text is what stands for the picture, a new line and the prompt; where the processor itself
    puts the picture there, as that of BLIP-2, it is the prompt alone.

    Attributes:
        settings: what the processor must be told with such texts: no second token for the beginning.

    """

    def __init__(self, processor: Any, *, system: str = "", image_first: bool = True) -> None:
        """Find out what a processor reads.

        Args:
            processor: of pictures and texts.
            system: what the system says; nothing leaves that to the template.
            image_first: whether the picture is before the prompt, not after.

        Raises:
            InputError: the template has no place for pictures, or none for the system, or there is no template.

        """
        self._processor, self._tokenizer = processor, processor.tokenizer
        self._system, self._image_first = "", image_first
        self._placeholder = ""
        owner = next((part for part in (processor, self._tokenizer) if getattr(part, "chat_template", None)), None)
        self._template = None if owner is None else owner.apply_chat_template
        self._content: Callable[[str, bool], Content] = self._parts
        if owner is None or not self._shows_pictures():
            self._content = self._plain
            self._placeholder = _placeholder(processor)
            if owner is not None and not self._shows_pictures():
                raise InputError("the model's chat template has no place for a picture")
        if system:
            self._let_speak(system)
        begin = self._tokenizer.bos_token
        begun = bool(begin) and self._template is not None and self.text(PROBE, with_picture=True).startswith(begin)
        self.settings = {"add_special_tokens": False} if begun else {}

    def text(self, prompt: str, *, with_picture: bool) -> str:
        """Return what the processor reads, up to where the answer begins."""
        content = self._content(prompt, with_picture)
        if self._template is None:
            return str(content)
        messages = [{"role": "user", "content": content}]
        if self._system:
            said: Content = self._system if isinstance(content, str) else [_text_part(self._system)]
            messages.insert(0, {"role": "system", "content": said})
        written: str = self._template(messages, tokenize=False, add_generation_prompt=True)
        return written

    def _parts(self, prompt: str, with_picture: bool) -> Content:
        parts = [{"type": "image"}] if with_picture else []
        parts.insert(len(parts) if self._image_first else 0, _text_part(prompt))
        return parts

    def _plain(self, prompt: str, with_picture: bool) -> Content:
        if not with_picture or not self._placeholder:
            return prompt
        return "\n".join([self._placeholder, prompt] if self._image_first else [prompt, self._placeholder])

    def _shows_pictures(self) -> bool:
        """Tell whether the template takes such content, and does not write a list as text."""
        try:
            shown, blind = (self.text(PROBE, with_picture=seen) for seen in (True, False))
        except _REFUSALS:
            return False
        needless = self._content == self._plain and not self._placeholder
        return PROBE in shown and "'type'" not in shown and (shown != blind or needless)

    def _let_speak(self, system: str) -> None:
        remedy = "leave system out of --model-args"
        if self._template is None:
            raise InputError("the model has no chat template, so nothing for the system to say", remedy=remedy)
        self._system = system
        try:
            heard = system in self.text(PROBE, with_picture=False)
        except _REFUSALS as error:
            raise InputError(f"the model's chat template takes no system prompt: {error}", remedy=remedy) from None
        if not heard:
            raise InputError("the model's chat template leaves the system prompt out", remedy=remedy)


def _text_part(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _placeholder(processor: Any) -> str:
    """Return what a text must hold for a picture; nothing where the processor puts it there itself."""
    token = image_token(processor)
    if not token:
        return ""
    written, bare = (_count_image_tokens(processor, text) for text in (f"{token}\n{PROBE}", PROBE))
    return token if not bare or bare == written else ""


def _count_image_tokens(processor: Any, text: str) -> int:
    """Return how many tokens stand for a picture beside a text; none where the processor refuses them."""
    picture = Image.new("RGB", (SIDE, SIDE))
    try:
        tokens = processor(images=[[picture]], text=[text])["input_ids"][0]
    except _REFUSALS:
        return 0
    return list(tokens).count(processor.tokenizer.convert_tokens_to_ids(image_token(processor)))
