"""What a study leaves in its folder: `study.md`, `study.json` and the charts."""

from pathlib import Path

import msgspec

from mibench.analysis.study_charts import chart
from mibench.analysis.study_recipe import Part
from mibench.analysis.study_report import StudyReport
from mibench.analysis.study_tables import TITLES, as_markdown
from mibench.whole_file import write_whole

NUMBERS = "study.json"
TABLES = "study.md"
_CHARTED: tuple[Part, ...] = ("wordings", "clusters")


def write_study(output: Path, report: StudyReport) -> None:
    """Write the numbers, tables and charts of a study; those of parts that it lacks are removed."""
    output.mkdir(parents=True, exist_ok=True)
    for part in _CHARTED:
        file = output / f"{part}.svg"
        if arms := report.of(part):
            write_whole(file, chart(TITLES[part], arms).encode())
        else:
            file.unlink(missing_ok=True)
    write_whole(output / NUMBERS, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    write_whole(output / TABLES, as_markdown(report).encode())
