"""Questions about what happens in three frames of a film."""

from random import Random

from mibench.data.mini.seen.family import Family, Question, shuffled
from mibench.data.mini.seen.scene import Mark, Scene
from mibench.data.mini.seen.worlds.frames import FRAMES, GROWTHS, MOVES, film

_WORLDS = {"film": film}


def _shown(scene: Scene, name: str) -> list[Mark]:
    """Return an item's marks in the order of the frames."""
    return sorted((mark for mark in scene.marks if mark.name == name), key=lambda mark: FRAMES.index(mark.place))


def _course(scene: Scene, random: Random, changes: tuple[str, str], rest: str) -> Question | None:
    """Ask how one of two items fares: in a third of all cases the one that rests."""
    if scene.facts["change"] not in changes:
        return None
    rests = random.random() < 1 / 3
    name = scene.facts["resting" if rests else "actor"]
    target = rest if rests else scene.facts["change"]
    mentions = {"thing": _shown(scene, name)[0].box}
    return Question({"thing": name}, target, shuffled(random, *changes, rest), mentions)


def _move(scene: Scene, random: Random) -> Question | None:
    change, name = scene.facts["change"], scene.facts["actor"]
    if change not in MOVES:
        return None
    return Question({"thing": name}, change, shuffled(random, *MOVES), {"thing": _shown(scene, name)[0].box})


def _growth(scene: Scene, random: Random) -> Question | None:
    smaller, larger = GROWTHS
    return _course(scene, random, (smaller, larger), "stays the same")


def _coming(scene: Scene, random: Random) -> Question | None:
    return _course(scene, random, ("appears", "vanishes"), "stays")


def _only_frame(scene: Scene, random: Random) -> Question | None:
    name = scene.facts["actor"]
    shown = _shown(scene, name)
    if len(shown) != 1:
        return None
    (mark,) = shown
    return Question({"thing": name}, mark.place, shuffled(random, *FRAMES), {"thing": mark.box}, mark.box)


def _newcomer(scene: Scene, random: Random) -> Question | None:
    if scene.facts["change"] != "appears":
        return None
    name = scene.facts["actor"]
    return Question({}, name, focus=_shown(scene, name)[-1].box)


DIRECTION_OF_MOVE = Family(
    name="direction_of_move",
    title="direction of a move",
    group="Temporal Ordering",
    worlds=_WORLDS,
    ask=_move,
    questions=(
        "Which way does the {thing} move?",
        "From the first frame to the last, where does the {thing} go?",
        "In what direction is the {thing} on its way?",
        "The {thing} is moving towards which side?",
    ),
    commands=(
        "Tell which way the {thing} moves.",
        "Follow the {thing} through the three frames and name the direction.",
        "Say where the {thing} is going.",
        "State the direction that the {thing} takes from frame to frame.",
    ),
    asked=(
        "the direction of the {thing}",
        "which way the {thing} goes",
        "where the {thing} moves from frame to frame",
        "in which direction the {thing} moves",
    ),
    answer="choice",
)

CHANGE_OF_SIZE = Family(
    name="change_of_size",
    title="growing or shrinking",
    group="Temporal Ordering",
    worlds=_WORLDS,
    ask=_growth,
    questions=(
        "Does the {thing} grow, shrink or neither?",
        "From frame to frame, what happens to the size of the {thing}?",
        "How does the size of the {thing} change?",
        "Is the {thing} in the last frame as large as it was at first?",
    ),
    commands=(
        "Say how the size of the {thing} changes.",
        "Compare the {thing} in the first frame with the {thing} in the last, and tell what its size does.",
        "Decide if the {thing} becomes larger, smaller or neither.",
        "Watch the {thing} and state what becomes of its size.",
    ),
    answer="choice",
)

COMING_OR_GOING = Family(
    name="coming_or_going",
    title="coming or going",
    group="Temporal Ordering",
    worlds=_WORLDS,
    ask=_coming,
    questions=(
        "Does the {thing} appear, vanish or stay?",
        "What becomes of the {thing} between the first frame and the last?",
        "Is the {thing} there all the time, or does it come or go?",
        "The {thing} does what as time goes on?",
    ),
    commands=(
        "Say whether the {thing} appears, vanishes or stays.",
        "Look for the {thing} in each of the frames and tell if it comes, goes or stays.",
        "Find out what the {thing} does.",
        "Decide if the {thing} is new, gone or always there.",
    ),
    answer="choice",
)

ONLY_FRAME = Family(
    name="only_frame",
    title="frame with a thing",
    group="Temporal Ordering",
    worlds=_WORLDS,
    ask=_only_frame,
    questions=(
        "Which frame shows the {thing}?",
        "In which of the three frames can you see the {thing}?",
        "When is the {thing} there: first, second or third?",
        "The {thing} is in which frame?",
    ),
    commands=(
        "Name the frame with the {thing}.",
        "Only one frame of the three has the {thing}. Choose it.",
        "Find the {thing} and say which frame it is in.",
        "State the number of the frame where the {thing} can be seen.",
    ),
    answer="choice",
)

NEWCOMER = Family(
    name="newcomer",
    title="what is new at the end",
    group="Temporal Ordering",
    worlds=_WORLDS,
    ask=_newcomer,
    questions=(
        "What is new in the last frame?",
        "Which item was not there in the first frame but is there at the end?",
        "What has come in while the frames went by?",
        "What appears after the start?",
    ),
    commands=(
        "Name what appears.",
        "Compare the first frame with the last and say what has been added.",
        "Find the item that comes later than the other.",
        "Tell what the first frame is missing.",
    ),
)

FAMILIES = (DIRECTION_OF_MOVE, CHANGE_OF_SIZE, COMING_OR_GOING, ONLY_FRAME, NEWCOMER)
