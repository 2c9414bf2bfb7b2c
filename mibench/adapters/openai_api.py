"""Any server with the chat completions of the OpenAI API: hosted models, vLLM, SGLang, llama.cpp, transformers."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, NoReturn, get_args

from mibench.adapters.background_loop import BackgroundLoop
from mibench.adapters.base import Sight
from mibench.adapters.chat_completions import (
    Completion,
    Position,
    data_url,
    error_message,
    messages,
    read_completion,
)
from mibench.adapters.endpoint import find_endpoint
from mibench.adapters.loading import switch, whole_number
from mibench.adapters.pictures import THREADS
from mibench.adapters.posting import Poster, Reply, UnreachableError
from mibench.adapters.retrying import retrying
from mibench.errors import FatalError, InputError
from mibench.instances import Answer, Failure, Request
from mibench.transient import TransientError, read_pause

RETRIED = (408, 409, 425, 429)
"""Statuses that may soon be over, beside all from 500 on."""
UNPAID = (401, 402)
"""Statuses that concern every request, whenever they come."""
MISDIRECTED = (403, 404, 405)
"""Statuses that concern every request, beside redirects, as long as none was answered."""
LONGEST_REASON = 300
TELLING_SECONDS = 60.0
"""Between two log lines on what the answers have cost."""
HOPELESS_BATCHES, HOPELESS_REQUESTS = 3, 15
"""So many batches in a row, of so many requests together, without an answer: three instances at the least."""

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that the server will not answer, however often it is asked."""


class OpenAI:
    """A model behind an OpenAI-compatible address; the key comes from the environment and is never written down."""

    sight: Sight = "ignores"
    """Pictures travel as the files that they are; each is opened once a batch, to see that it can be."""

    first_pause: ClassVar[float] = 1.0
    """Seconds before a request is repeated for the first time."""

    def __init__(
        self,
        base_url: str,
        model: str,
        concurrency: str = "8",
        timeout: str = "120",
        retries: str = "5",
        rate: str = "",
        key_env: str = "OPENAI_API_KEY",
        system: str = "",
        image_position: Position = "before",
        price_in: str = "0",
        price_out: str = "0",
        insecure: str = "false",
        api_key: str | None = None,
    ) -> None:
        """Take note of the settings; nothing is asked yet.

        Args:
            base_url: the server's address, with `/v1` or without, as `http://localhost:8000/v1`.
            model: as the server calls it.
            concurrency: requests that are under way at the same time.
            timeout: seconds until a request is given up.
            retries: how often a request is repeated at most.
            rate: requests a minute at most; no limit where it is empty.
            key_env: the environment variable that holds the key.
            system: what is said to the model ahead of every prompt.
            image_position: whether a picture stands before or after its prompt.
            price_in: of a million tokens that are read.
            price_out: of a million tokens that are written.
            insecure: whether plain http to other machines, and proxies on other machines, are allowed.
            api_key: refused, as the arguments of a command are no place for a secret.

        Raises:
            ValueError: an argument that is not of its kind.
            InputError: a key is missing, stands in the arguments, or would pass where others can read it.

        """
        if api_key is not None:
            message = "api_key is no argument, as others can read those"
            raise InputError(message, remedy="put it into OPENAI_API_KEY, or into the variable that key_env names")
        if not model:
            raise ValueError("model= is empty; it is what the server calls the model")
        if image_position not in get_args(Position):
            raise ValueError(f"image_position={image_position} is neither before nor after")
        self.model_name = model
        self._retries = whole_number("retries", retries)
        self._prices = _number("price_in", price_in, 0), _number("price_out", price_out, 0)
        self._endpoint = find_endpoint(base_url, key_env, insecure=switch("insecure", insecure))
        places = whole_number("concurrency", concurrency, least=1)
        self._poster = Poster(
            self._endpoint,
            connections=places,
            timeout=_number("timeout", timeout, 0.1),
            rate=_number("rate", rate, 0.1) if rate else None,
        )
        self.decoding: Mapping[str, str | int] = {
            "model": model,
            "temperature": 0,
            "system": system,
            "image_position": image_position,
            "base_url": self._endpoint.base,
        }
        self._key_env, self._system, self._position = key_env, system, image_position
        self._limit_name, self._extras = "max_tokens", {"seed": 0}
        self._usage = {"requests": 0, "retries": 0, "prompt_tokens": 0, "completion_tokens": 0}
        self._told = -TELLING_SECONDS
        self._completed = self._batches_in_vain = self._requests_in_vain = 0
        for name in ("httpx", "httpcore"):  # they tell every request, with headers in which a server may repeat the key
            logging.getLogger(name).setLevel(logging.WARNING)
        self._places, self._loop = asyncio.Semaphore(places), BackgroundLoop("openai")

    @property
    def usage(self) -> dict[str, float]:
        """What the answers have cost so far; money only where prices are known."""
        usage: dict[str, float] = dict(self._usage)
        if any(self._prices):
            tokens = usage["prompt_tokens"], usage["completion_tokens"]
            usage["cost"] = sum(count * price for count, price in zip(tokens, self._prices, strict=True)) / 1e6
        return usage

    def predict(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer a batch, several requests at a time; one that gets no answer is a failure.

        Raises:
            InputError: a picture that cannot be read; then nothing was asked.
            FatalError: the server would answer no other request either.

        """
        pictures = self._pictures(requests)
        completed = self._completed
        answers = self._loop.run(self._answer_all(requests, pictures))
        self._tell()
        if requests:
            self._despair(answers, in_vain=self._completed == completed)
        return answers

    def close(self) -> None:
        """Close the connections."""
        self._loop.run(self._poster.close())
        self._loop.close()

    def _tell(self) -> None:
        if time.monotonic() - self._told >= TELLING_SECONDS:
            self._told = time.monotonic()
            _log.info("so far: %s", ", ".join(f"{name} {value:,.10g}" for name, value in self.usage.items()))

    def _pictures(self, requests: Sequence[Request]) -> dict[str | None, str | None]:
        """Return the address of each picture, once for all the requests about it."""
        paths = list(dict.fromkeys(request.image for request in requests if request.image is not None))
        with ThreadPoolExecutor(THREADS, thread_name_prefix="pictures") as pool:
            return {None: None, **dict(zip(paths, pool.map(data_url, paths), strict=True))}

    async def _answer_all(self, requests: Sequence[Request], pictures: Mapping[str | None, str | None]) -> list[Answer]:
        """Answer all at once, but the first of a run alone: what is wrong with every request shows there."""
        alone = 0 if self._completed else 1
        first = [await self._answer(request, pictures[request.image]) for request in requests[:alone]]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._answer(request, pictures[request.image])) for request in requests[alone:]
                ]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return [*first, *(task.result() for task in tasks)]

    async def _answer(self, request: Request, picture: str | None) -> Answer:
        async with self._places:
            self._usage["requests"] += 1
            try:
                completion: Completion = await retrying(self._retries, self.first_pause, self._count_retry)(
                    self._ask, request, picture
                )
            except (TransientError, RefusedError) as error:
                return request.failed(self._reason(str(error)))
        if completion.fault:
            return request.failed(self._reason(completion.fault))
        if self._endpoint.is_told_by(completion.text):
            return request.failed("the answer holds the key")
        return request.answered(completion.text)

    def _count_retry(self) -> None:
        self._usage["retries"] += 1

    async def _ask(self, request: Request, picture: str | None) -> Completion:
        """Ask once, or again at once in the words that the server wants."""
        body = {
            "model": self.model_name,
            "messages": messages(request.prompt, picture, system=self._system, position=self._position),
            "temperature": 0,
            self._limit_name: request.max_new_tokens,
            **self._extras,
        }
        try:
            reply = await self._poster.post(json.dumps(body).encode("ascii"))
        except UnreachableError as error:
            if error.untrusted or not self._completed:
                raise self._unreachable(error) from None
            raise
        if reply.status in (400, 422) and self._adapt(body, error_message(reply.body)):
            return await self._ask(request, picture)
        if reply.status != 200:
            self._refuse(reply)
        if reply.fault:
            raise RefusedError(reply.fault)
        completion = read_completion(reply.body)
        self._completed += 1
        self._usage["prompt_tokens"] += completion.prompt_tokens
        self._usage["completion_tokens"] += completion.completion_tokens
        return completion

    def _adapt(self, body: Mapping[str, Any], message: str) -> bool:
        """Tell whether the server minds a word of the request that can be left out, and leave it out from now on."""
        if "max_tokens" in body and "max_completion_tokens" in message:
            self._limit_name = "max_completion_tokens"
            return True
        if "seed" in body and "seed" in message:
            self._extras = {}
            return True
        return False

    def _refuse(self, reply: Reply) -> NoReturn:
        """Raise what a status other than 200 means."""
        redirect = 300 <= reply.status < 400
        said = "a redirect, which is not followed" if redirect else reply.fault or error_message(reply.body)
        reason = self._reason(f"status {reply.status}: {said}").removesuffix(":")
        if reply.status in RETRIED or reply.status >= 500:
            raise TransientError(reason, read_pause(reply.retry_after))
        if reply.status in UNPAID:
            message = f"the server does not accept the key: {reason}"
            raise FatalError(message, remedy=f"set the environment variable {self._key_env}")
        if not self._completed and (redirect or reply.status in MISDIRECTED):
            message = f"{self._endpoint.base} does not answer: {reason}"
            raise FatalError(message, remedy="check base_url, model and the key's rights")
        raise RefusedError(reason)

    def _unreachable(self, error: UnreachableError) -> FatalError:
        message = f"cannot reach {self._endpoint.url}: {self._reason(str(error))}"
        if error.untrusted:
            remedy = "a server of your own needs SSL_CERT_FILE, the file of its certificate authority"
            return FatalError(message, remedy=remedy)
        return FatalError(message, remedy="start the server, or check base_url")

    def _reason(self, text: str) -> str:
        """Return a text as one short line without the key."""
        text = self._endpoint.masked(text)[: 10 * LONGEST_REASON]
        printable = "".join(character if character.isprintable() else " " for character in text)
        return " ".join(printable.split())[:LONGEST_REASON]

    def _despair(self, answers: Sequence[Answer], *, in_vain: bool) -> None:
        """Stop where one batch after the other gets no answer."""
        if not in_vain:
            self._batches_in_vain = self._requests_in_vain = 0
            return
        self._batches_in_vain += 1
        self._requests_in_vain += len(answers)
        if self._batches_in_vain >= HOPELESS_BATCHES and self._requests_in_vain >= HOPELESS_REQUESTS:
            last = answers[-1].reason if isinstance(answers[-1], Failure) else ""
            message = f"none of the last {self._requests_in_vain} requests was answered; the last one: {last}"
            raise FatalError(message, remedy="look after the server, and give the same command to go on")


def _number(name: str, value: str, least: float) -> float:
    """Read an argument that is a number.

    Raises:
        ValueError: it is none, or too small.

    """
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not least <= number < math.inf:
        raise ValueError(f"{name}={value} is not a number of at least {least:g}")
    return number
