"""A task's answers as arrays: what each metric gives each row under each wording."""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import msgspec
import numpy as np
from numpy.typing import NDArray

from mibench.cards import EVALUATE_PREFIX, INSTRUCTIONS, TaskCard
from mibench.errors import InputError
from mibench.metrics import METRICS
from mibench.metrics.accuracy import normalise
from mibench.metrics.metric import Metric
from mibench.metrics.references import References
from mibench.prompts import option_order
from mibench.submissions.reading import PlacedAnswer, Rows, Submission

CHUNK = 1 << 13
"""Answers that are scored together, each distinct pair of answer and references once."""
CHUNK_CHARACTERS = 1 << 26
"""Fewer answers together where they are longer than this."""

DIGEST_BYTES = 16
"""Of one answer; that of a task is made from these."""

LIKELIEST = {
    "accuracy_options": attrgetter("option_scores"),
    "accuracy_options_per_token": attrgetter("option_scores_per_token"),
}
"""Ride along where an adapter gave option scores."""

Scores = Callable[[PlacedAnswer], list[float] | None]


def row_metrics(card: TaskCard) -> dict[str, Metric]:
    """Return a card's metrics by name, save those that score a whole corpus.

    Raises:
        InputError: an unknown name.

    """
    names = [name for name in card.metrics if not name.startswith(EVALUATE_PREFIX)]
    if unknown := [name for name in names if name not in METRICS]:
        message, remedy = f"the card {card.name} names an unknown metric {unknown[0]!r}", "'mibench tasks check FILE'"
        raise InputError(message, remedy=remedy)
    return {name: METRICS[name] for name in names}


@dataclass(frozen=True, kw_only=True)
class TaskRows:
    """One task, scored row by row.

    Attributes:
        references: of each row; equal ones are one object.
        groups: number of each row's group, in the order of the groups' names, [rows].
        values: by metric, in [0, 1], [instructions, rows]; NaN where there is nothing to score.
        answers: a number for each normalised answer, equal for equal ones, [instructions, rows].
        failed: how many answers there are not; they score 0.
        lost: which these are, [instructions, rows].
        texts: the answers themselves, by instruction and row, where they were asked for.
        digest: of the predictions; no order or split of files changes it.

    """

    card: TaskCard
    references: Sequence[References]
    groups: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]
    answers: NDArray[np.uint64]
    failed: int
    lost: NDArray[np.bool_]
    texts: list[list[str]]
    digest: str

    @property
    def group_count(self) -> int:
        """How many groups the rows form."""
        return int(self.groups.max(initial=-1)) + 1


def read_rows(submission: Submission, card: TaskCard, *, keep_texts: bool = False) -> TaskRows:
    """Read and score all answers to a task; faults are noted in the submission.

    Args:
        submission: the opened folder.
        card: one of its tasks.
        keep_texts: keep the answers, for metrics of a whole corpus.

    """
    ids, groups, kinds, kind_of = dict[str, int](), list[str](), dict[References, int](), array("q")
    for instance in submission.instances(card.name):
        ids[instance.id] = len(ids)
        groups.append(instance.group)
        found = References(instance.targets, instance.options, instance.answers)
        kind_of.append(kinds.setdefault(found, len(kinds)))
    scorer = _Scorer(card, list(ids), list(kinds), kind_of, submission.description.seed, keep_texts=keep_texts)
    answers = submission.answers(card.name, Rows(ids, [len(known.options) for known in scorer.references]))
    for chunk in _chunks(answers):
        scorer.add(chunk)
    return TaskRows(
        card=card,
        references=scorer.references,
        groups=_numbered(groups),
        values=scorer.values,
        answers=scorer.alike,
        failed=scorer.failed,
        lost=scorer.lost,
        texts=scorer.texts,
        digest=scorer.digest(),
    )


def _chunks(answers: Iterable[PlacedAnswer]) -> Iterator[list[PlacedAnswer]]:
    chunk, characters = list[PlacedAnswer](), 0
    for answer in answers:
        chunk.append(answer)
        characters += len(answer.text)
        if len(chunk) == CHUNK or characters > CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each name among all of them in order."""
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    return np.fromiter(map(places.__getitem__, names), np.int64, len(names))


class _Scorer:
    """Fills the arrays of a task, a chunk of answers at a time."""

    def __init__(
        self,
        card: TaskCard,
        ids: Sequence[str],
        kinds: Sequence[References],
        kind_of: Sequence[int],
        seed: int,
        *,
        keep_texts: bool,
    ) -> None:
        self._card, self._ids, self._kinds, self._kind_of, self._seed = card, ids, kinds, kind_of, seed
        self._metrics = row_metrics(card)
        self.references = [kinds[kind] for kind in kind_of]
        shape = (INSTRUCTIONS, len(ids))
        self.values = {name: np.full(shape, np.nan) for name in self._metrics}
        self.alike = np.zeros(shape, np.uint64)
        self.failed = 0
        self.texts = [[""] * len(ids) for _ in range(INSTRUCTIONS)] if keep_texts else []
        self._content = np.zeros((*shape, DIGEST_BYTES), np.uint8)
        self.lost = np.zeros(shape, bool)

    def digest(self) -> str:
        """Return the SHA-256 of all answers in the order of the data, which no order of lines changes."""
        content = hashlib.sha256(msgspec.json.encode(self._ids))
        content.update(self._content.tobytes())
        return f"sha256:{content.hexdigest()}"

    def add(self, chunk: Sequence[PlacedAnswer]) -> None:
        rows = np.fromiter((answer.row for answer in chunk), np.int64, len(chunk))
        instructions = np.fromiter((answer.instruction for answer in chunk), np.int64, len(chunk))
        pairs: dict[tuple[str, int], int] = {}
        kind_of = self._kind_of
        which = [pairs.setdefault((answer.text, kind_of[answer.row]), len(pairs)) for answer in chunk]
        texts = [text for text, _ in pairs]
        references = [self._kinds[kind] for _, kind in pairs]
        for name, metric in self._metrics.items():
            if metric.reads == "text":
                self.values[name][instructions, rows] = metric.distinct(texts, references)[which]
        self.alike[instructions, rows] = _digests(map(normalise, texts), 8).view("<u8")[which, 0]
        self._content[instructions, rows] = _digests(texts, DIGEST_BYTES)[which]
        for name, scores in LIKELIEST.items():
            self._add_likeliest(name, scores, [answer for answer in chunk if scores(answer) is not None])
        self._add_failed([answer for answer in chunk if answer.failed])
        if self.texts:
            for answer in chunk:
                self.texts[answer.instruction][answer.row] = answer.text

    def _add_likeliest(self, name: str, scores: Scores, answers: Sequence[PlacedAnswer]) -> None:
        if answers and name not in self.values:
            self.values[name] = np.where(self.lost, 0.0, np.nan)
        for answer in answers:
            found, place = self._likeliest(answer, scores(answer) or []), (answer.instruction, answer.row)
            known = self._kinds[self._kind_of[answer.row]]
            self.values[name][place] = sum(METRICS[name](option, known) for option in found) / len(found)
            given = [answer.text, answer.option_scores, answer.option_scores_per_token]
            whole = msgspec.json.encode(given if given[-1] is not None else given[:-1]).decode()
            self._content[place] = _digests([whole], DIGEST_BYTES, b"scores")

    def _likeliest(self, answer: PlacedAnswer, scores: Sequence[float]) -> list[str]:
        """Return the options with the highest score; they were shown in an order that the seed decides."""
        shown = option_order(
            self._kinds[self._kind_of[answer.row]].options,
            seed=self._seed,
            task=self._card.name,
            instance=self._ids[answer.row],
            instruction=answer.instruction + 1,
        )
        highest = max(scores)
        return [option for option, score in zip(shown, scores, strict=True) if score == highest]

    def _add_failed(self, answers: Sequence[PlacedAnswer]) -> None:
        self.failed += len(answers)
        for answer in answers:
            place = (answer.instruction, answer.row)
            self.lost[place] = True
            self._content[place] = _digests([""], DIGEST_BYTES, b"failed")
            for values in self.values.values():
                values[place] = 0.0


def _digests(texts: Iterable[str], size: int, kind: bytes = b"text") -> NDArray[np.uint8]:
    """Return a digest of each text, [texts, size]; those of one kind never equal those of another."""
    found = b"".join(hashlib.blake2b(text.encode(), digest_size=size, person=kind).digest() for text in texts)
    return np.frombuffer(found, np.uint8).reshape(-1, size)
