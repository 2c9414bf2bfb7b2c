"""The format of chat completions: what a question with a picture looks like, and what may come back."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import msgspec
from PIL import Image

from mibench.adapters.pictures import open_picture
from mibench.transient import TransientError

Position = Literal["before", "after"]

MEDIA_TYPES = {
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
}
"""Formats that servers read, under Pillow's names; an MPO is a JPEG with more pictures behind it."""
NO_ANSWER = ("content_filter", "error")
"""Reasons for the end of a text that make it no answer."""


class Completion(msgspec.Struct, frozen=True):
    """What a server answered, and what that cost.

    Attributes:
        text: the answer without surrounding white space.
        fault: why it is none; empty where it is one.
        prompt_tokens: what the server counted; 0 where it did not.
        completion_tokens: the same of the answer.

    """

    text: str
    fault: str
    prompt_tokens: int
    completion_tokens: int


class _Part(msgspec.Struct):
    type: str
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Reply(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


def data_url(path: str) -> str:
    """Return a picture as an address that holds it: the file as it is, or a PNG where servers may not know its format.

    Raises:
        InputError: no file, or not a picture that can be read whole.

    """
    picture = open_picture(path)
    with Image.open(path) as file:
        media_type = MEDIA_TYPES.get(file.format or "")
    if media_type is None:
        stream = BytesIO()
        picture.save(stream, "PNG")
        media_type, content = "image/png", stream.getvalue()
    else:
        content = Path(path).read_bytes()
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def messages(prompt: str, picture: str | None, *, system: str, position: Position) -> list[dict[str, Any]]:
    """Return the messages that ask a question.

    Args:
        prompt: the question.
        picture: the picture's address; None where there is none.
        system: what is said to the model ahead; nothing where it is empty.
        position: of the picture, seen from the question.

    """
    content: str | list[dict[str, Any]] = prompt
    if picture is not None:
        content = [{"type": "image_url", "image_url": {"url": picture}}, {"type": "text", "text": prompt}]
        if position == "after":
            content.reverse()
    ahead = [{"role": "system", "content": system}] if system else []
    return [*ahead, {"role": "user", "content": content}]


def read_completion(body: bytes) -> Completion:
    """Read the reply to a question.

    Raises:
        TransientError: it is no completion.

    """
    try:
        reply = msgspec.json.decode(body, type=_Reply)
        choice = reply.choices[0]
    except (ValueError, IndexError, RecursionError):
        raise TransientError(f"no completion but {error_message(body) or 'nothing'}") from None
    usage = reply.usage or _Usage()
    text = _text(choice.message).strip()
    return Completion(text, _fault(choice, text), usage.prompt_tokens or 0, usage.completion_tokens or 0)


def _text(message: _Message) -> str:
    if isinstance(message.content, list):
        return "".join(part.text or "" for part in message.content if part.type == "text")
    return message.content or ""


def _fault(choice: _Choice, text: str) -> str:
    if choice.finish_reason in NO_ANSWER:
        return f"the text ended for the reason {choice.finish_reason}"
    if choice.message.refusal:
        return f"refused: {choice.message.refusal}"
    return "a call of a tool instead of an answer" if choice.message.tool_calls and not text else ""


def error_message(body: bytes) -> str:
    """Return what the body of an error says, in whichever of the usual places."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        content = None
    match content:
        case {"error": {"message": str(said)}} | {"error": str(said)} | {"message": str(said)} | {"detail": str(said)}:
            return said
        case _:
            return body.decode(errors="replace")
