"""The accuracy of VQA (Antol et al., 2015): agreement with ten people, by the rules of the official evaluation.

Source of the rules: `vqaEval.py` in GT-Vision-Lab/VQA, its oddities included.
"""

import re
from collections.abc import Iterator

from mibench.metrics.references import References
from mibench.metrics.remember import remembered

AGREEING = 3
"""So many of the others make an answer fully right."""

_PUNCTUATION = frozenset(';/[]"{}()=+\\_-><@`,?!')
_COMMA_IN_A_NUMBER = re.compile(r"\d,\d")
_FULL_STOP = re.compile(r"\.(?!\d)")
_FULL_STOPS_STRIPPED = 32
"""An oddity: the official call gives the flag `re.UNICODE`, 32, where the count goes."""

_ARTICLES = frozenset(("a", "an", "the"))
_NUMBERS = {
    "none": "0",
    **{
        word: str(number)
        for number, word in enumerate("zero one two three four five six seven eight nine ten".split())  # noqa: SIM905
    },
}
_CONTRACTED = """
    ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've
    he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't
    not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll
    somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll that's there'd
    there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll
    what're what's what've when's where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't
    would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've you'll you're you've
"""


def vqa_accuracy(prediction: str, references: References) -> float:
    """Answer the question: how many of ten people would agree with the answer?

    For each of the ten, the other nine are asked: min(1, agreeing / 3); the score is the mean of the ten. Answers are
    normalised only where people differ, as officially. Where the data has one truth and no ten answers, the score
    tells whether the normalised answer is that.
    """
    if not references.answers:
        return float(any(normalise(prediction) == normalise(target) for target in references.targets))
    answer, people = _plain(prediction), [_plain(text) for text in references.answers]
    if len(set(people)) > 1:
        answer, people = normalise(answer), [normalise(text) for text in people]
    agreeing = people.count(answer)
    return sum(min(AGREEING, agreeing - (text == answer)) for text in people) / (AGREEING * len(people))


def _plain(text: str) -> str:
    return text.replace("\n", " ").replace("\t", " ").strip()


@remembered
def normalise(text: str) -> str:
    """Return the text as the official evaluation compares it.

    Punctuation goes (or becomes a space inside a word), full stops go unless a digit follows, letters become small,
    numbers up to ten become digits, articles go, and contractions get their apostrophes.
    """
    words = (_NUMBERS.get(word, word) for word in _without_punctuation(_plain(text)).lower().split())
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)


def _without_punctuation(text: str) -> str:
    in_number = _COMMA_IN_A_NUMBER.search(text) is not None
    replaced = {
        ord(mark): "" if in_number or f"{mark} " in text or f" {mark}" in text else " "
        for mark in _PUNCTUATION.intersection(text)
    }
    return _FULL_STOP.sub("", text.translate(replaced), count=_FULL_STOPS_STRIPPED)


def _without_an_apostrophe() -> Iterator[tuple[str, str]]:
    """Yield each contraction twice: with one of its apostrophes left out, and whole."""
    for word in _CONTRACTED.split():
        for place, letter in enumerate(word):
            if letter == "'":
                yield word[:place] + word[place + 1 :], word


_CONTRACTIONS = {**dict(_without_an_apostrophe()), "somebody'd": "somebodyd"}
