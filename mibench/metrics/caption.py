"""Captioning metrics of a corpus, as the package pycocoevalcap computes them: BLEU-4, METEOR, ROUGE-L and CIDEr.

Two Java programs of that package, its tokenizer and METEOR, run once each for all corpora. They are started here: the
package writes into its own folder, hangs after an error, and cannot score where decimals are written with a comma.
"""

import contextlib
import importlib
import importlib.metadata
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mibench.errors import InputError

CAPTION: Mapping[str, str] = {
    "bleu_4": "v1+ptb+closest-length",
    "meteor": "v1+ptb+1.5+en+norm",
    "caption_rouge_l": "v1+ptb+beta1.2",
    "cider": "v1+ptb+idf-of-references",
}
"""What the metrics do, in a few letters; `caption_settings` adds the version of the package."""

LONGEST = 5_000
"""Characters of a text that count; on far longer ones the tokenizer takes hours and METEOR runs out of memory."""

_LINE_ENDS = re.compile("[\n\r\v\f\u2028\u2029]")
_BETWEEN = "x"
_OPTIONS = ("-XX:+DisplayVMOutputToStderr", "-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8")

Rows = dict[int, list[str]]
Java = subprocess.Popen[str]


class Corpus(NamedTuple):
    """All answers to one task under one wording.

    Attributes:
        hypotheses: one answer a row.
        references: of each row, at least one.

    """

    hypotheses: Sequence[str]
    references: Sequence[Sequence[str]]


def caption_settings() -> dict[str, str]:
    """Return version and settings of each metric, for signatures."""
    with _needs_package():
        package = importlib.metadata.version("pycocoevalcap")
    return {name: f"{settings}+pycocoevalcap-{package}" for name, settings in CAPTION.items()}


def caption_scores(corpora: Sequence[Corpus]) -> list[dict[str, float]]:
    """Score each corpus by the metrics in `CAPTION`: CIDEr from 0 to 10, the others from 0 to 1.

    The values are the package's, to the bit, for texts of up to `LONGEST` characters, each cut as `_words` says. Where
    the package has no value, for a corpus without rows and for CIDEr without a word in any reference, the score is 0.
    CIDEr of a single row is 0 as well, for its words are in every document.
    """
    paired = [list(zip(corpus.hypotheses, corpus.references, strict=True)) for corpus in corpora]
    texts = dict.fromkeys(text for rows in paired for answer, known in rows for text in (answer, *known))
    if not texts:
        return [dict.fromkeys(CAPTION, 0.0) for _ in corpora]
    with _meteor() as meteor:  # it loads while the others are computed
        words = _words(texts)
        cut = [
            (
                {number: [words[reference] for reference in known] for number, (_, known) in enumerate(rows)},
                {number: [words[answer]] for number, (answer, _) in enumerate(rows)},
            )
            for rows in paired
        ]
        overlaps = [_overlaps(*rows) for rows in cut]
        return [
            {"bleu_4": bleu, "meteor": _meteor_score(meteor, *rows), "caption_rouge_l": rouge, "cider": cider}
            for rows, (bleu, rouge, cider) in zip(cut, overlaps, strict=True)
        ]


def _overlaps(references: Rows, hypotheses: Rows) -> tuple[float, float, float]:
    """Return BLEU-4, ROUGE-L and CIDEr."""
    if not hypotheses:
        return 0.0, 0.0, 0.0
    bleu, _ = _package("bleu.bleu").Bleu(4).compute_score(references, hypotheses, verbose=0)
    rouge, _ = _package("rouge.rouge").Rouge().compute_score(references, hypotheses)
    if not any(text.split() for known in references.values() for text in known):
        return float(bleu[3]), float(rouge), 0.0
    cider, _ = _package("cider.cider").Cider().compute_score(references, hypotheses)
    return float(bleu[3]), float(rouge), float(cider)


def _words(texts: Collection[str]) -> dict[str, str]:
    """Return the words of each text, spaces between, as the package cuts a text that stands alone.

    Its lexer looks past the end of a line: the full stop of "No." stays with the word where the next line begins with
    a digit, and the package lets that happen. With a line of one word after each text, no text depends on the next.
    """
    package = _package("tokenizer.ptbtokenizer")
    program = ("-cp", package.STANFORD_CORENLP_3_4_1_JAR, "edu.stanford.nlp.process.PTBTokenizer")
    with _java("the PTB tokenizer", package, *program, "-preserveLines", "-lowerCase") as tokenizer:
        output, _ = tokenizer.communicate("".join(f"{_one_line(text)}\n{_BETWEEN}\n" for text in texts))
        lines = [line.rstrip() for line in output.split("\n")]
        if tokenizer.returncode or lines[1::2] != [_BETWEEN] * len(texts):
            raise EOFError
    dropped = frozenset(package.PUNCTUATIONS)
    return {
        text: " ".join(word for word in line.split(" ") if word not in dropped)
        for text, line in zip(texts, lines[:-1:2], strict=True)
    }


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text[:LONGEST])


def _meteor() -> contextlib.AbstractContextManager[Java]:
    package = _package("meteor.meteor")
    options = ("-", "-", "-stdio", "-l", "en", "-norm")
    return _java("METEOR", package, "-Xmx2G", "-jar", package.METEOR_JAR, *options)


def _meteor_score(meteor: Java, references: Rows, hypotheses: Rows) -> float:
    """Return METEOR of a corpus; the program keeps nothing from one corpus to the next."""
    if not hypotheses:
        return 0.0
    plain = (hypothesis.replace("|||", "").replace("  ", " ") for (hypothesis,) in hypotheses.values())
    counts = [_ask(meteor, "SCORE", *known, last) for known, last in zip(references.values(), plain, strict=True)]
    return float(_ask(meteor, "EVAL", *counts, answers=len(counts) + 1))


def _ask(meteor: Java, *parts: str, answers: int = 1) -> str:
    """Return the last of METEOR's answers, each of which begins with a number."""
    assert meteor.stdin
    assert meteor.stdout
    meteor.stdin.write(" ||| ".join(parts) + "\n")
    meteor.stdin.flush()
    for _ in range(answers):
        answer = meteor.stdout.readline()
        if not answer[:1].isdigit():
            raise EOFError(answer)
    return answer.strip()


@contextlib.contextmanager
def _java(name: str, package: Any, *arguments: str) -> Iterator[Java]:
    """Run a program in the package's folder, in English everywhere, and end it; one `InputError` if it breaks off."""
    java = shutil.which("java")
    if java is None:
        raise InputError(
            f"{name} needs Java, and there is none", remedy="install a Java runtime and put it on the PATH"
        )
    command, folder, pipe = [java, *_OPTIONS, *arguments], Path(package.__file__).parent, subprocess.PIPE
    with tempfile.TemporaryFile() as said:
        try:
            with subprocess.Popen(
                command, cwd=folder, stdin=pipe, stdout=pipe, stderr=said, encoding="utf-8", errors="replace"
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()
        except (OSError, EOFError) as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines() or [str(error)]
            reason = [line for line in lines if line[:1].strip()][-1:]  # without the stack
            remedy = "see whether `java -version` runs, and whether 2 GB of memory are free"
            raise InputError(": ".join((f"{name} broke off", *reason)), remedy=remedy) from error


def _package(module: str) -> Any:
    """Return a module of pycocoevalcap, which comes with the extra `metrics`."""
    with _needs_package():
        return importlib.import_module(f"pycocoevalcap.{module}")


@contextlib.contextmanager
def _needs_package() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise InputError(f"captioning metrics: {error}", remedy="pip install 'mibench[metrics]'") from None
