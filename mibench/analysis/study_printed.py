"""What the paper prints on the comparisons that a study repeats: percentages of OFA-Large on the real tasks."""

from collections.abc import Mapping
from types import MappingProxyType

from mibench.analysis.study_recipe import Part
from mibench.leaderboard.published import load_published

_STRATEGIES = {
    "none": "OFA",
    "task_name": "OFA_TaskName",
    "natural": "OFA_NaturalInstruct",
    "multi": "OFA_MultiInstruct",
    "mixed": "OFA_MixedInstruct",
    "sequential": "OFA_SeqInstruct",
}
_ABLATIONS: Mapping[tuple[Part, str], tuple[float, float]] = MappingProxyType(
    {
        ("wordings", "1"): (42.81, 24.62),
        ("wordings", "5"): (47.82, 10.45),
        ("clusters", "1"): (20.98, 40.58),
        ("clusters", "2"): (38.80, 23.07),
        ("clusters", "3"): (43.82, 17.88),
        ("clusters", "4"): (43.86, 18.02),
        ("clusters", "5"): (45.29, 13.84),
        ("clusters", "text"): (48.25, 10.27),
    }
)
"""Aggregate and Sensitivity; those of clusters are read off a figure, to 0.02."""

NOTES: Mapping[Part, str] = MappingProxyType(
    {
        "strategies": "Tuned on task names, the paper's model was asked under one wording, and has no mean over five; "
        "its figures are of that run. Sensitivities that are not printed are left out; aggregates follow from the "
        "printed means.",
        "wordings": "The paper prints these under MultiInstruct; the figures of five instructions are those of its "
        "sequential strategy.",
        "clusters": "The paper's figures are read off its chart, to 0.02.",
    }
)


def printed(part: Part, arm: str) -> Mapping[str, float]:
    """Return what is printed of an arm, by task or by `nlp`, `aggregate` and `sensitivity`; not all is."""
    if part != "strategies":
        return dict(zip(("aggregate", "sensitivity"), _ABLATIONS.get((part, arm), ()), strict=False))
    model = load_published().models[_STRATEGIES[arm]]
    tasks = {task: model.primary(task) for task in model.multimodal}
    found = {task: score.max if score.mean is None else score.mean for task, score in tasks.items()}
    more = {"nlp": model.nlp, "aggregate": model.aggregate, "sensitivity": model.sensitivity}
    return found | {name: value for name, value in more.items() if value is not None}
