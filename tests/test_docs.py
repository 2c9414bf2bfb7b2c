"""What the documentation computes by example is what the code computes."""

import inspect
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from mibench.adapters.base import GROUP, adapter_names
from mibench.adapters.ofa import OFA
from mibench.metrics import METRICS
from mibench.metrics.caption import CAPTION
from mibench.metrics.references import References
from mibench.scoring.comparison import Difference, Pair, Rank, TaskComparison
from mibench.scoring.report import Interval, MetricScores, Robustness, Summary, TaskScores
from mibench.scoring.spread import spread

DOCS = Path(__file__).parent.parent / "docs"


def tables(page):
    """Return the tables of a page: lists of rows of cells."""
    found, rows = [], []
    for line in [*(DOCS / page).read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            found.append([rows[0], *rows[2:]])
            rows = []
    return found


def test_the_worked_example_is_right():
    metrics, answers, singles, task, *_ = tables("scores.md")
    assert {row[0].strip("`") for row in metrics[1:]} == METRICS.keys()
    questions = [(cells[0].split("; "), cells[1:]) for cells in answers[1:]]
    for (references, said), printed in zip(questions, singles[1:], strict=True):
        values = [METRICS["rouge_l"](answer, References(tuple(references))) for answer in said]
        assert [float(cell) for cell in printed[1:]] == pytest.approx(values, abs=5e-5)
    for name, *printed in task[1:]:
        scores = [
            [METRICS[name](answer, References(tuple(references))) for answer in said] for references, said in questions
        ]
        found = spread([100 * sum(column) / len(column) for column in zip(*scores, strict=True)])
        expected = [*found.per_instruction, found.mean, found.max, found.std, found.sensitivity]
        assert printed == [f"{value:.2f}" for value in expected]


@pytest.mark.parametrize(
    "kind", [MetricScores, TaskScores, Robustness, Summary, Interval, TaskComparison, Difference, Pair, Rank]
)
def test_every_number_is_documented(kind):
    """Each field that holds a number stands in a table, in backticks."""
    named = {name for table in tables("scores.md") for row in table for name in re.findall(r"`(\w+)`", row[0])}
    words = {"suite", "primary", "metrics", "metric", "robustness", "signature", "first", "second", "tasks", "value"}
    assert set(kind.__struct_fields__) - words <= named


def test_the_captioning_metrics_are_documented():
    assert CAPTION.keys() <= {row[0].strip("`") for table in tables("scores.md") for row in table}


def test_the_bridge_to_evaluate_in_the_documentation_works(capsys):
    code = re.search(r"```python\n(.*?)```", (DOCS / "scores.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    exec(code, {})
    assert capsys.readouterr().out.strip() == re.search(r"# (\{.*\})", code)[1]


def test_all_adapters_are_documented_with_their_arguments():
    (_, *rows), *_ = tables("adapters.md")
    assert sorted(name.strip("`") for name, *_ in rows) == adapter_names()
    for name, _, arguments in rows:
        (entry,) = entry_points(group=GROUP, name=name.strip("`"))
        parameters = inspect.signature(entry.load()).parameters.values()
        named = [known.name for known in parameters if known.kind is not known.VAR_KEYWORD and known.name != "api_key"]
        assert re.findall(r"`(\w+)`", arguments) == named or name == "`hf`", name


def test_all_arguments_of_ofa_are_documented():
    *_, table = tables("ofa.md")
    assert [row[0].strip("`") for row in table[1:]] == list(inspect.signature(OFA).parameters)
