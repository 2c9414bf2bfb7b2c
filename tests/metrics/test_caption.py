"""The oracle is the package pycocoevalcap itself, one corpus at a time and the last one first."""

import contextlib
import importlib.metadata
import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.meteor.meteor import Meteor
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer import ptbtokenizer

from mibench.errors import InputError
from mibench.metrics.caption import CAPTION, LONGEST, Corpus, _one_line, _words, caption_scores, caption_settings

needs_java = pytest.mark.skipif(shutil.which("java") is None, reason="no Java on the PATH")
needs_oracle = pytest.mark.skipif(
    not os.access(Path(ptbtokenizer.__file__).parent, os.W_OK), reason="pycocoevalcap writes into its own folder"
)
needs_shell = pytest.mark.skipif(os.name != "posix", reason="a shell script plays Java")

PARK = Corpus(
    (
        "Two kids fly a red kite, near the pond.",
        "a DOG is running after its own tail (again)!",
        "The U.S. flag hangs over Dr. Moor's shop at 5 p.m. every day",
    ),
    (
        ("Two children are flying a kite by the pond.", "Kids with a red kite"),
        ("A dog runs after its tail.", "the dog chases the tail it has", 'A "silly" dog, running.'),
        ("A flag above the shop of Dr. Moor",),
    ),
)
ONE_ROW = Corpus(("a bowl of ripe pears",), (("a bowl with three pears", "ripe pears in a bowl"),))
WORDLESS = Corpus(("!", "a boat"), (("...",), ("?", "")))
NO_ROWS = Corpus((), ())
ABBREVIATED = Corpus(("No.", "2 kites", "J.", "The pond"), (("no",), ("2 kites",), ("j",), ("the pond.",)))
OTHER_ORDER = Corpus(*(texts[::-1] for texts in ABBREVIATED))

STRANGE = {
    "": "",
    " \t ": " \t ",
    "?!": "?!",
    "two\nlines": "two lines",
    "a boat\r\non\va\flake\u2028at\u2029dusk": "a boat  on a lake at dusk",
    "the next\x85line, \x1ca \x00 and a \xa0 space": "the next\x85line, \x1ca \x00 and a \xa0 space",
    "half \ud83d a smile": "half ? a smile",
    "a smile 🙂 on 湖 at the café": "a smile 🙂 on 湖 at the café",
    "||| a ||||| boat|||": "||| a ||||| boat|||",
    "<a |||> boat or <b ||> boat": "<a |||> boat or <b ||> boat",
    "SCORE ||| a boat ||| EVAL": "SCORE ||| a boat ||| EVAL",
    "1 1/2 cups & $3.50 &amp; 50%": "1 1/2 cups & $3.50 &amp; 50%",
    "the boat " * 100_000: ("the boat " * 100_000)[:LONGEST],
    "x" * 1_000_000: "x" * LONGEST,
}
"""Texts, and what the package can take in their stead."""


def both_sides(texts):
    known = [("a boat on a lake", "a smile")] * len(texts) + [(text,) for text in texts]
    return Corpus([*texts, *["the boat smiles"] * len(texts)], known)


def many_rows(number=2000):
    draw = random.Random(7)
    vocabulary = ("a", "the", "boat", "dog's", "lake", "runs,", "sleeping", "sleeps!", "on", "red", "it's", "(and)")

    def line():
        return " ".join(draw.choices(vocabulary, k=draw.randint(1, 9)))

    return Corpus([line() for _ in range(number)], [[line() for _ in range(1 + row % 3)] for row in range(number)])


def by_row(texts):
    return {row: [{"caption": text} for text in several] for row, several in enumerate(texts)}


def oracle(corpus, meteor):
    if not corpus.hypotheses:
        return dict.fromkeys(CAPTION, 0.0)
    tokenizer = ptbtokenizer.PTBTokenizer()
    pair = tokenizer.tokenize(by_row(corpus.references)), tokenizer.tokenize(by_row([t] for t in corpus.hypotheses))
    return {
        "bleu_4": Bleu(4).compute_score(*pair)[0][3],
        "meteor": meteor.compute_score(*pair)[0],
        "caption_rouge_l": Rouge().compute_score(*pair)[0],
        "cider": 0.0 if corpus is WORDLESS else Cider().compute_score(*pair)[0],
    }


@contextlib.contextmanager
def oracle_meteor():
    meteor = Meteor()
    try:
        yield meteor
    finally:
        meteor.lock = threading.Lock()  # else it waits for ever after an error
        meteor.meteor_p.kill()
        meteor.meteor_p.communicate()


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    processes = []

    class Spied(subprocess.Popen):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Spied)
    return processes


@needs_java
@needs_oracle
@pytest.mark.slow
def test_equal_to_the_package_to_the_bit(monkeypatch, capfd, started):
    corpora = [PARK, many_rows(), NO_ROWS, ONE_ROW, WORDLESS]
    with oracle_meteor() as meteor:  # loads beside ours
        with monkeypatch.context() as german:
            german.setenv("JAVA_TOOL_OPTIONS", "-Duser.language=de -Duser.country=DE -Dfile.encoding=US-ASCII")
            scores = caption_scores([*corpora, both_sides(list(STRANGE)), ABBREVIATED, OTHER_ORDER])
        _, *ours = started
        assert capfd.readouterr() == ("", "")
        plain = [*corpora, both_sides(list(STRANGE.values()))]
        expected = [oracle(corpus, meteor) for corpus in reversed(plain)]
    assert scores[:-2] == expected[::-1]
    assert len(ours) == 2
    assert None not in [process.returncode for process in ours]
    assert scores[-2] == pytest.approx(scores[-1])
    assert all(list(named) == list(CAPTION) for named in scores)


@needs_java
@needs_oracle
def test_words_are_those_of_the_package():
    rows = [text for corpus in (PARK, many_rows(), ONE_ROW) for text in corpus.hypotheses]
    expected = ptbtokenizer.PTBTokenizer().tokenize(by_row([text] for text in rows))
    words = _words(dict.fromkeys(rows))
    assert [[words[text]] for text in rows] == list(expected.values())


@pytest.mark.slow
@needs_java
def test_words_of_a_text_do_not_depend_on_the_next():
    texts = ["No.", "5 boats", "fig.", "J.", "The lake", "Mr. Moor", "", "at 5 p.m."]
    words = _words(texts)
    assert all(_words([text]) == {text: words[text]} for text in texts)
    assert _words(texts[::-1]) == words


@needs_java
def test_no_character_shifts_the_lines():
    texts = [f"{chr(number)} n{number}" for number in range(0x10000)]
    assert all(words.endswith(text[2:]) for text, words in _words(texts).items())


@given(st.text(st.characters(exclude_categories=())))
def test_one_line(text):
    assert _one_line(text) == text.translate(dict.fromkeys(map(ord, "\n\r\v\f\u2028\u2029"), " "))


def test_long_texts_are_cut():
    assert _one_line("ab" * LONGEST) == "ab" * (LONGEST // 2)


def test_without_texts_nothing_starts(started):
    assert caption_scores([]) == []
    assert caption_scores([NO_ROWS, NO_ROWS]) == [dict.fromkeys(CAPTION, 0.0)] * 2
    assert started == []


def test_settings_name_the_package():
    version = importlib.metadata.version("pycocoevalcap")
    assert caption_settings()["bleu_4"] == f"v1+ptb+closest-length+pycocoevalcap-{version}"
    assert list(caption_settings()) == list(CAPTION)


def test_no_java(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(InputError, match=r"needs Java, and there is none \(install a Java runtime"):
        caption_scores([ONE_ROW])


def test_no_package(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setitem(sys.modules, "pycocoevalcap.meteor.meteor", None)
    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(InputError, match=r"pip install 'mibench\[metrics\]'"):
        caption_scores([ONE_ROW])
    with pytest.raises(InputError, match=r"pip install 'mibench\[metrics\]'"):
        caption_settings()


@pytest.fixture
def play_java(tmp_path, monkeypatch):
    """Put a shell script in the place of Java."""

    def play(tokenizer, meteor):
        script = tmp_path / "java"
        script.write_text(f'#!/bin/sh\ncase "$*" in *-stdio*) {meteor} ;; *) {tokenizer} ;; esac\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return play


@needs_shell
def test_each_text_is_cut_once(play_java, tmp_path):
    meteor = "while read -r line; do case $line in EVAL*) echo 1; echo 0.25 ;; *) echo 1 1 ;; esac; done"
    play_java(f"tee '{tmp_path}/texts'", meteor)
    scores = caption_scores([ONE_ROW, NO_ROWS, ONE_ROW])
    assert [named["meteor"] for named in scores] == [0.25, 0.0, 0.25]
    texts = (tmp_path / "texts").read_text().splitlines()
    assert texts[::2] == [*ONE_ROW.hypotheses, *ONE_ROW.references[0]]


@needs_shell
@pytest.mark.parametrize(
    ("tokenizer", "meteor", "message"),
    [
        ("cat; exit 1", "exec sleep 99", "the PTB tokenizer broke off"),
        ("exit 1", "exec sleep 99", "the PTB tokenizer broke off"),
        ("tail -n +2", "exec sleep 99", "the PTB tokenizer broke off"),
        ("cat", "exit 1", "METEOR broke off"),
        ("cat", "echo 'no memory' >&2; echo '\tat main' >&2; exit 1", r"METEOR broke off: no memory \(see"),
        ("cat", "while read -r line; do echo Error; done", "METEOR broke off: Error"),
        ("cat", "read -r line; echo 1.0; exit", "METEOR broke off"),
        ("cat", "read -r line; echo 1.0; read -r line; echo 1.0", "METEOR broke off"),
    ],
)
def test_a_program_that_breaks_off(play_java, started, tokenizer, meteor, message):
    play_java(tokenizer, meteor)
    with pytest.raises(InputError, match=message):
        caption_scores([ONE_ROW])
    assert None not in [process.returncode for process in started]


@needs_shell
def test_java_that_is_no_program(play_java, tmp_path):
    play_java("cat", "cat")
    (tmp_path / "java").write_bytes(b"\x7fELF")
    with pytest.raises(InputError, match=r"METEOR broke off: .*Exec format"):
        caption_scores([ONE_ROW])
