"""ROUGE-L of whole corpora beside `rouge_score`, tokenising included, the same pairs in the same process.

Answers repeat as in a run: five wordings a row share its reference, and a model gives its usual answer under most of
them. A second figure is for answers that are all distinct. Scores are compared before they are timed.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from rouge_score.rouge_scorer import RougeScorer

from mibench.cards import INSTRUCTIONS
from mibench.metrics import METRICS
from mibench.metrics.references import References

SYLLABLES = ("ka", "lo", "mi", "ten", "sur", "pa", "ri", "vel", "on", "dra", "es", "tu")
WORDS = ["".join(parts) for count in (2, 3) for parts in itertools.product(SYLLABLES, repeat=count)]
USUAL = 0.7
"""Share of the wordings under which a model gives the answer that it usually gives to the row."""
RUNS = 5


class Corpus(NamedTuple):
    predictions: list[str]
    references: list[References]


def make(rows: int, shortest: int, longest: int, *, repeated: bool) -> Corpus:
    draw = random.Random(f"rouge {shortest} {longest} {repeated}")

    def text() -> str:
        return " ".join(draw.choices(WORDS, k=draw.randint(shortest, longest))).capitalize() + "."

    def near(reference: str) -> str:
        return " ".join(draw.choice((word, word, draw.choice(WORDS))) for word in reference.split())

    corpus = Corpus([], [])
    for _ in range(rows):
        target = text()
        usual = near(target)
        for _ in range(INSTRUCTIONS):
            corpus.predictions.append(usual if repeated and draw.random() < USUAL else near(target))
            corpus.references.append(References((target,)))
    return corpus


def theirs(corpus: Corpus, *, stem: bool) -> list[float]:
    scorer = RougeScorer(["rougeL"], use_stemmer=stem)
    pairs = zip(corpus.predictions, corpus.references, strict=True)
    return [scorer.score(known.targets[0], text)["rougeL"].fmeasure for text, known in pairs]


def ours(corpus: Corpus, *, stem: bool) -> list[float]:
    found: list[float] = METRICS["rouge_l_stem" if stem else "rouge_l"].corpus(*corpus).tolist()
    return found


def seconds(step: Callable[[], object]) -> float:
    begin = time.perf_counter()
    step()
    return time.perf_counter() - begin


def main() -> None:
    print("| words | answers | stemmer | pairs | rouge_score, pairs/s | mibench, pairs/s | ratio |")
    print("|---|---|---|---:|---:|---:|---:|")
    for shortest, longest, rows in ((1, 12, 4000), (30, 60, 800)):
        for repeated in (True, False):
            for stem in (False, True):
                corpus = make(rows, shortest, longest, repeated=repeated)
                if ours(corpus, stem=stem) != theirs(corpus, stem=stem):
                    raise SystemExit("the scores differ")
                times = [
                    (seconds(lambda: theirs(corpus, stem=stem)), seconds(lambda: ours(corpus, stem=stem)))  # noqa: B023
                    for _ in range(RUNS)
                ]
                slow, fast = (statistics.median(column) for column in zip(*times, strict=True))
                ratio = statistics.median(one / two for one, two in times)
                count = len(corpus.predictions)
                cells = [
                    f"{shortest}-{longest}",
                    "repeated" if repeated else "all distinct",
                    "yes" if stem else "no",
                    f"{count:,}",
                    f"{count / slow:,.0f}",
                    f"{count / fast:,.0f}",
                    f"{ratio:.1f}",
                ]
                print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
