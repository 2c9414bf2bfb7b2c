"""Text without pictures: rows of words and of numbers, their order, their count, what is in them, what comes next."""

from random import Random

from mibench.data.mini.seen.family import Family, Question
from mibench.data.mini.seen.scene import Scene
from mibench.data.mini.seen.worlds.lettering import KINDS

NUMBERS = ("two", "three", "four", "five", "six")
_STEPS = (1, 2, 3, 5, 10, -1, -2, -5)


def _words(random: Random, count: int) -> list[str]:
    return random.sample(sorted(KINDS), count)


def _sorted(_: Scene, random: Random) -> Question:
    one, other = _words(random, 2)
    return Question({"word": one, "other": other}, " ".join(sorted((one, other))))


def _count(_: Scene, random: Random) -> Question:
    number = random.randrange(len(NUMBERS))
    return Question({"text": " ".join(_words(random, number + 2))}, NUMBERS[number])


def _last(_: Scene, random: Random) -> Question:
    words = _words(random, random.randint(3, 6))
    return Question({"text": " ".join(words)}, words[-1])


def _in_list(_: Scene, random: Random) -> Question:
    *words, absent = _words(random, random.randint(4, 7))
    text = ", ".join(words)
    if random.random() < 0.5:
        return Question({"word": random.choice(words), "text": text}, "yes", ("yes", "no"))
    return Question({"word": absent, "text": text}, "no", ("yes", "no"))


def _next_number(_: Scene, random: Random) -> Question:
    target, step = random.randint(30, 70), random.choice(_STEPS)
    return Question({"text": " ".join(str(target - step * before) for before in (3, 2, 1))}, str(target))


SORT_TWO_WORDS = Family(
    name="sort_two_words",
    title="sort words",
    group="text",
    worlds=None,
    ask=_sorted,
    questions=(
        "How do {word} and {other} stand in the order of the alphabet?",
        "In a dictionary, which comes first and which second: {word} or {other}?",
        "{word} and {other}, sorted by their letters, give what?",
        "What is the order of {word} and {other} from a to z?",
    ),
    commands=(
        "Sort {word} and {other} by the alphabet.",
        "Write {word} and {other} in the order in which a dictionary has them.",
        "Put these into the order of their letters: {word}, {other}.",
        "Arrange {word} and {other} from a to z.",
    ),
)

COUNT_THE_WORDS = Family(
    name="count_the_words",
    title="number of words",
    group="text",
    worlds=None,
    ask=_count,
    questions=(
        "How many words are these: {text}?",
        "{text}: how many words do you count?",
        "What is the number of words in this row? {text}",
        "If you say {text}, how many words have you said?",
    ),
    commands=(
        "Count the words: {text}.",
        "Tell how many words there are in {text}.",
        "Say the number of the words that follow. {text}",
        "{text} is a row of words; give their number.",
    ),
)

REPEAT_LAST_WORD = Family(
    name="repeat_last_word",
    title="repeat the last word",
    group="text",
    worlds=None,
    ask=_last,
    questions=(
        "What is the last word of {text}?",
        "{text}: which of these words comes last?",
        "Which word ends the row {text}?",
        "After reading {text}, which word have you read just now?",
    ),
    commands=(
        "Repeat the last word: {text}.",
        "Read {text} and say only the last word.",
        "Give the word that closes this row. {text}",
        "Of {text}, keep the word at the end.",
    ),
)

IS_WORD_IN_LIST = Family(
    name="is_word_in_list",
    title="is a word in a list",
    group="text",
    worlds=None,
    ask=_in_list,
    questions=(
        "Is {word} on this list? {text}",
        "The list is {text}. Do you find {word} there?",
        "Does {word} occur among {text}?",
        "Someone looks for {word}; do these words hold it? {text}",
    ),
    commands=(
        "Say whether {word} is one of {text}.",
        "Look for {word} in the list {text}.",
        "Go through the list and decide if it has {word}. {text}",
        "Check {text} for {word}.",
    ),
    asked=(
        "whether {word} is among {text}",
        "if the list {text} has {word}",
        "whether {word} occurs here: {text}",
        "whether {word} is in the list {text}",
    ),
    answer="choice",
)

NEXT_NUMBER = Family(
    name="next_number",
    title="next number",
    group="text",
    worlds=None,
    ask=_next_number,
    questions=(
        "Which number comes next: {text}?",
        "{text} and then?",
        "What follows if the steps stay the same? {text}",
        "After {text}, which number would you say?",
    ),
    commands=(
        "Go on by one number: {text}.",
        "Look at the row {text} and give the next number.",
        "State the number that follows {text}.",
        "{text}: find the step and add it once more.",
    ),
)

FAMILIES = (SORT_TWO_WORDS, COUNT_THE_WORDS, REPEAT_LAST_WORD, IS_WORD_IN_LIST, NEXT_NUMBER)
