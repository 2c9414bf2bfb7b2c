"""What a comparison means, in plain sentences."""

from collections.abc import Sequence

from mibench.scoring.comparison import Difference

ALPHA = 0.05
"""A p-value below it counts as a difference."""


def verdict(
    first: str, second: str, aggregate: Difference, sensitivity: Difference, tasks: Sequence[Difference]
) -> str:
    """Say which of two submissions is better, on how many tasks, and which moves less with the wording.

    Scores differ by their p-value, Sensitivities by their interval.

    Args:
        first: name of the submission from which the other is subtracted.
        second: name of the other.
        aggregate: difference of the aggregates.
        sensitivity: difference of the Sensitivities.
        tasks: differences of the means of each task, with p-values corrected for their number.

    """
    significant = [task.value or 0.0 for task in tasks if task.p_holm is not None and task.p_holm < ALPHA]
    better, worse = sum(value > 0 for value in significant), sum(value < 0 for value in significant)
    return " ".join(
        (
            _sentence(first, second, "aggregate", "higher", "lower", aggregate),
            f"After Holm's correction {first} is better on {better}, worse on {worse} and not told apart on "
            f"{len(tasks) - better - worse} of {len(tasks)} tasks.",
            _sentence(first, second, "Sensitivity", "higher, and so worse,", "lower, and so better,", sensitivity),
        )
    )


def _sentence(first: str, second: str, number: str, higher: str, lower: str, found: Difference) -> str:
    if found.value is None:
        return f"The difference in {number} cannot be told: {found.reason}."
    if found.ci is None and found.p is None:
        return (
            f"Whether the two differ in {number} cannot be told without an interval: "
            f"{first} minus {second} is {found.value + 0.0:.2f}."
        )
    known = _uncertainty(found)
    if not _differs(found):
        return f"In {number} the two are not told apart: {first} minus {second} is {found.value + 0.0:.2f} ({known})."
    direction = higher if found.value > 0 else lower
    return f"The {number} of {first} is {direction} than that of {second} by {abs(found.value):.2f} ({known})."


def _differs(found: Difference) -> bool:
    if found.p is not None:
        return found.p < ALPHA
    return found.ci is not None and (found.ci.shown[0] > 0 or found.ci.shown[1] < 0)


def _uncertainty(found: Difference) -> str:
    parts = []
    if found.ci:
        parts.append("95 % interval {:.2f} to {:.2f}".format(*found.ci.shown))
    if found.p is not None:
        parts.append(f"p = {found.p:.4f}")
    return ", ".join(parts)
