"""The tables, verdicts and pictures of the front page."""

import gzip
import random
import re
from html.parser import HTMLParser

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.instructions.importing import OFFICIAL_DIGEST
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.entries import read_entry, submission_folders
from mibench.leaderboard.front_page import size_class, write_front_page
from mibench.leaderboard.pages import render
from mibench.leaderboard.published import load_published
from mibench.leaderboard.sheet import Figures, make_sheet
from mibench.scoring.report import AggregateIntervals, Interval, Intervals, write_scores
from mibench.scoring.summary import summarise
from mibench.submissions.description import Model
from tests.builders import task_scores
from tests.leaderboard.test_site import CARDS, EVIL, submit

MULTIMODAL = [name for name, card in load_cards().items() if card.suite == "multimodal"]
VOID = {"meta", "link", "input", "br", "path", "rect", "circle"}


class Page(HTMLParser):
    """The tables of the page: by board, rows of cells with their text and attributes, by the class of their body."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tables, self.verdicts, self.pictures = text, {}, {}, {}
        self.ids, self.tags, self._stack = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if given.get("class") == "board":
            self.board = given["id"]
            self.tables[self.board], self.verdicts[self.board], self.pictures[self.board] = {}, [], []
        if tag == "tbody":
            self.body = self.tables[self.board].setdefault(given.get("class", ""), [])
        if tag == "tr" and "tbody" in self._stack:
            self.body.append((given, []))
        if tag in {"td", "th"} and "tbody" in self._stack:
            self.body[-1][1].append((given, []))
        if tag == "dd" and "section" in self._stack:
            self.verdicts[self.board].append([])
        if tag == "g":
            self.pictures[self.board].append(given["class"])
        if tag not in VOID:
            self._stack = [*self._closed(tag), tag]

    def _closed(self, tag):
        """Return the stack without what a start tag closes: cells and rows may go without an end tag."""
        ends = {"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}, "tbody": {"td", "th", "tr", "tbody"}}
        stack = list(self._stack)
        while stack and stack[-1] in ends.get(tag, ()):
            stack.pop()
        return stack

    def handle_endtag(self, tag):
        if tag in self._stack:
            while self._stack.pop() != tag:
                pass

    def handle_data(self, data):
        if {"td", "th"} & set(self._stack) and "tbody" in self._stack and self.body[-1][1]:
            self.body[-1][1][-1][1].append(data)
        if "dd" in self._stack and "section" in self._stack:
            self.verdicts[self.board][-1].append(data)

    def rows(self, board, body=""):
        """Return rank, name and the other texts of each row, without the one that heads the body."""
        rows = self.tables[board].get(body, [])
        texts = [[" ".join(" ".join(text).split()) for _, text in cells] for _, cells in rows]
        return [row for row in texts if len(row) > 1]

    def names(self, board, body=""):
        return [(rank, name.split(" model of ")[0]) for rank, name, *_ in self.rows(board, body)]

    def verdict(self, board, number=0):
        return " ".join("".join(self.verdicts[board][number]).split())


def sheets_of(folder):
    for path in submission_folders(folder):
        entry = read_entry(path)
        sheet = make_sheet(entry, CARDS, {})
        row = render("row.html", entry=entry, sheet=sheet, cards=CARDS)
        yield msgspec.structs.replace(sheet, row=row)


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "submissions"
    folder.mkdir()
    return folder


@pytest.fixture
def front(submissions, tmp_path):
    """Return a function that writes the front page of the submissions and reads it."""

    def write():
        write_front_page(make_boards(sheets_of(submissions)), CARDS, tmp_path / "site")
        return Page((tmp_path / "site" / "index.html").read_text(encoding="utf-8"))

    return write


def interval(low, high):
    return Interval(percentile=(low, high), bca=None)


def change(folder, report, aggregate_ci=None, **summary):
    """Write a report with other values in its summary."""
    if aggregate_ci:
        ends = AggregateIntervals(mean=interval(*aggregate_ci), max=interval(*aggregate_ci))
        summary["ci"] = msgspec.structs.replace(summary.get("ci") or report.summary.ci, aggregate=ends)
    write_scores(folder, msgspec.structs.replace(report, summary=msgspec.structs.replace(report.summary, **summary)))


def test_the_best_aggregate_comes_first_and_equal_ones_share_a_rank(submissions, front):
    for name, base in (("low", 20), ("b", 40), ("high", 60), ("a", 40)):
        submit(submissions / name, base)
    assert front().names("mini") == [("1", "high"), ("2= 2–3", "a"), ("2= 2–3", "b"), ("4", "low")]


def test_a_range_of_ranks_stands_below_a_rank(submissions, front):
    for name, base, ci in (("a", 60, (55, 65)), ("b", 58, (50, 62)), ("c", 20, (19, 25))):
        change(submissions / name, submit(submissions / name, base), ci)
    assert front().names("mini") == [("1 1–2", "a"), ("2 1–2", "b"), ("3", "c")]


def test_what_is_not_complete_stands_apart_and_says_why(submissions, front):
    submit(submissions / "short", 90, tasks=["nlvr", "text_vqa"])
    submit(submissions / "limited", 90, limit=5)
    submit(submissions / "blind", 90, blind=True)
    submit(submissions / "whole", 10)
    report = submit(submissions / "some", 90, wordings=(1, 3))
    tasks = {
        name: task_scores(CARDS[name], {metric: [50.0, None, 60.0, None, None] for metric in task.metrics})
        for name, task in report.tasks.items()
    }
    write_scores(submissions / "some", msgspec.structs.replace(report, tasks=tasks, summary=summarise(tasks, CARDS)))
    page = front()
    assert page.names("mini") == [("1", "whole")]
    assert [rank for rank, *_ in page.rows("mini", "partial")] == ["–"] * 4
    notes = {row[1].split(" model of ")[0]: row[1] for row in page.rows("mini", "partial")}
    assert "29 of 29 tasks, without pictures" in notes["blind"]
    assert "29 of 29 tasks, 5 rows each" in notes["limited"]
    assert "2 of 29 tasks" in notes["short"]
    assert "2 of 5 wordings" in notes["some"]
    assert "tasks" not in page.rows("mini")[0][1]


def test_failed_answers_are_told(submissions, front):
    submit(submissions / "whole", 10)
    report = submit(submissions / "failed", 90)
    tasks = {name: msgspec.structs.replace(task, failed=3) for name, task in report.tasks.items()}
    write_scores(submissions / "failed", msgspec.structs.replace(report, tasks=tasks))
    first, second = front().rows("mini")
    assert f"{3 * len(CARDS)} answers failed" in first[1]
    assert "failed" not in second[1]


def test_worlds_and_published_results_never_share_a_body(submissions, front):
    submit(submissions / "drawn", 30)
    submit(submissions / "real", 30, world="official")
    page = front()
    assert page.names("official") == [("1", "real")]
    assert page.names("mini") == [("1", "drawn")]
    assert [*page.tables["official"]] == ["", "published"]
    assert [*page.tables["mini"]] == [""]
    printed = page.rows("official", "published")
    assert [row[0] for row in printed] == ["–"] * 6
    for row, model in zip(printed, load_published().models.values(), strict=True):
        assert row[1].startswith(model.title)


def test_published_models_are_there_without_any_submission(front):
    page = front()
    assert [*page.tables] == ["official", "mini"]
    printed = {row[1].split(" as ")[0].split(" tuned ")[0]: row for row in page.rows("official", "published")}
    assert printed["OFA MultiInstruct"][2:5] == ["45.29", "51.01", "13.84"]
    assert printed["OFA MixedInstruct"][2:5] == ["48.25", "52.49", "10.27"]
    assert printed["OFA SeqInstruct"][2:5] == ["47.83", "52.13", "10.45"]
    assert printed["OFA (task name)"][2:6] == ["–", "–", "–", "48.99 one run"]
    assert set(page.pictures["official"]) == {"published"}
    assert page.verdict("official") == "No complete submission yet."
    assert page.tables["mini"] == {}


def test_numbers_are_those_of_the_report_with_their_intervals(submissions, front):
    report = submit(submissions / "one", 33.333)
    metric = msgspec.structs.replace(
        report.tasks["nlvr"].metrics["accuracy"],
        ci=Intervals(
            per_instruction=[interval(20, 30), *[None] * 4], mean=interval(31.06, 37.5), max=interval(30, 44.44)
        ),
    )
    task = msgspec.structs.replace(report.tasks["nlvr"], metrics={**report.tasks["nlvr"].metrics, "accuracy": metric})
    report = msgspec.structs.replace(report, tasks={**report.tasks, "nlvr": task})
    change(submissions / "one", report, (30.126, 40.0))
    page = front()
    [(_, cells)] = page.tables["mini"][""]
    [row] = page.rows("mini")
    summary = report.summary
    assert row[2] == f"{summary.aggregate.mean:.2f} 30.13 to 40.00"
    assert row[3] == f"{summary.aggregate.max:.2f}"
    assert row[4].startswith(f"{summary.sensitivity:.2f}")
    assert row[-1].startswith(f"{summary.nlp.mean:.2f}")
    assert len(row) == len(MULTIMODAL) + 6
    for place, name in enumerate(MULTIMODAL, 5):
        primary = report.tasks[name].metrics[report.tasks[name].primary]
        assert row[place] == f"{primary.mean:.2f} ±{primary.std:.2f}"
    nlvr = cells[5 + MULTIMODAL.index("nlvr")][0]
    assert nlvr["data-v"] == f"{metric.max:.2f},30.0,44.4,{min(metric.per_instruction):.2f},20.0,30.0"
    assert 'd="M31.1 3h6.4"' in page.text
    assert cells[2][0]["data-v"].startswith(f"{summary.aggregate.max:.2f},30.13,40.00,")


def test_what_is_undefined_is_a_dash_and_chance_is_told(submissions, front):
    report = submit(submissions / "one", 30)
    tasks = {name: msgspec.structs.replace(task, chance=25.0) for name, task in report.tasks.items()}
    report = msgspec.structs.replace(report, tasks=tasks)
    change(submissions / "one", report, sensitivity=None, at_chance=["nlvr", "text_vqa"])
    [row] = front().rows("mini")
    assert row[4] == "– at chance: 2 of 9"
    assert "No complete submission has a Sensitivity" in front().verdict("mini", 1)


@pytest.mark.parametrize(
    ("parameters", "key"),
    [(None, ""), (1, "1"), (10**9, "1"), (10**9 + 1, "3"), (3 * 10**9, "3"), (7 * 10**9, "10"), (10**12, "more")],
)
def test_a_model_belongs_to_one_class_of_sizes(parameters, key):
    assert size_class(parameters) == key


def test_rows_carry_what_filters_ask_for(submissions, front):
    models = {
        "small": Model(name="m", parameters=472_000_000, open_weights=True),
        "large": Model(name="m", parameters=7_241_732_096, open_weights=False),
        "silent": Model(name="m"),
    }
    for name, model in models.items():
        submit(submissions / name, 30, model=model)
    page = front()
    found = {given["id"]: (given["data-s"], given["data-w"]) for given, _ in page.tables["mini"][""]}
    assert found == {"row=small": ("1", "open"), "row=large": ("10", "closed"), "row=silent": ("", "")}
    texts = " ".join(row[1] for row in page.rows("mini"))
    assert "472M, open weights" in texts
    assert "7.2B, closed weights" in texts


def test_wordings_can_be_chosen_where_there_are_several(submissions, front):
    submit(submissions / "plain", 30)
    assert ("select", {"name": "words"}) not in front().tags
    submit(submissions / "official", 30, instructions=OFFICIAL_DIGEST)
    page = front()
    assert ("select", {"name": "words"}) in page.tags
    boards = {given["id"]: given["data-words"] for _, given in page.tags if given.get("class") == "board"}
    assert boards["mini"] == "builtin wording"
    assert "official wording of MultiInstruct 1.0" in boards.values()
    assert page.text.count("aggregates do not compare with those of the other tables") == 1


def test_it_says_whether_the_first_place_is_certain(submissions, front):
    change(submissions / "a", submit(submissions / "a", 60), (61, 65))
    assert front().verdict("mini").startswith("a is the only complete submission")
    report = submit(submissions / "b", 40)
    change(submissions / "b", report, (39, 50))
    assert front().verdict("mini").startswith("a, and that is certain: its interval of 61.00 to")
    change(submissions / "b", report, (39, 63))
    shared = front()
    assert shared.verdict("mini").startswith("a, but that is not certain: the intervals of 2 models overlap.")
    assert 'href="compare.html#models=a,b"' in shared.text
    submit(submissions / "c", 70)
    assert "cannot be told" in front().verdict("mini")


def test_it_says_whether_a_low_sensitivity_is_good(submissions, front):
    def add(name, base, sensitivity, guessed):
        report = submit(submissions / name, base)
        tasks = {task: msgspec.structs.replace(scores, chance=25.0) for task, scores in report.tasks.items()}
        report = msgspec.structs.replace(report, tasks=tasks)
        change(submissions / name, report, sensitivity=sensitivity, at_chance=MULTIMODAL[:guessed])

    add("able", 60, 8.0, 0)
    assert "no other complete submission has a Sensitivity. It is above chance on all 9" in front().verdict("mini", 1)
    add("half", 50, 6.0, 3)
    assert front().verdict("mini", 1).startswith("half with 6.00. It is at chance on 3 of 9 tasks")
    add("guesser", 20, 1.0, 9)
    page = front()
    assert page.verdict("mini", 1).startswith("guesser with 1.00. That is no merit: it is at chance on 9 of 9 tasks.")
    assert "A low Sensitivity at chance level means only that" in page.verdict("mini", 1)
    assert page.verdict("mini", 1).endswith("it is half with 6.00.")
    assert sorted(page.pictures["mini"]) == ["guesses", "scored", "scored"]
    assert "hollow circle is at chance" in page.verdict("mini", 2)


def test_one_point_makes_no_picture(submissions, front):
    submit(submissions / "one", 30)
    page = front()
    assert page.pictures["mini"] == []
    assert "How to read the picture" not in page.text.split('id="mini"')[1]


def test_names_are_escaped_and_nothing_is_inline(submissions, front):
    for name in ("one", "two"):
        submit(submissions / name, 30, name=f"{EVIL}\u202e", model=Model(name=EVIL))
    page = front()
    assert "\u202e" not in page.text
    assert all(name.startswith(EVIL + "⟨U+202E⟩") for _, name in page.names("mini"))
    for tag, given in page.tags:
        assert tag != "script" or given["src"] in {"site.js", "board.js"}
        assert "style" not in given
        assert not any(key.startswith("on") for key in given)


def test_ids_are_unique_and_links_to_rows_lead_somewhere(submissions, front):
    for name in ("one", "two"):
        submit(submissions / name, 30)
    page = front()
    assert len(set(page.ids)) == len(page.ids)
    assert "row=one" in page.ids
    targets = {given["href"][1:] for tag, given in page.tags if tag == "a" and given.get("href", "").startswith("#")}
    assert targets
    assert targets <= {*page.ids}


def test_a_thousand_rows_stay_small(submissions, tmp_path):
    """A hundred and fifty here, in their share of 500 KB."""
    submit(submissions / "one", 30)
    entry = read_entry(submissions / "one")
    draw, count, sheets = random.Random(0), 150, []
    for number in range(count):

        def figures():
            mean = draw.uniform(20, 60)
            parts = [(mean + shift, (mean + shift - draw.uniform(1, 5), mean + shift + 3)) for shift in (0, 9, -9)]
            values = {key: value for key, (value, _) in zip(("mean", "max", "worst"), parts, strict=True)}
            ends = {key: ci for key, (_, ci) in zip(("ci", "ci_max", "ci_worst"), parts, strict=True)}
            return Figures(**values, **ends, std=draw.uniform(0, 9))

        sheet = make_sheet(entry, CARDS, {})
        columns = {name: figures() for name in sheet.columns}
        sheet = msgspec.structs.replace(sheet, slug=f"model-{number}", name=f"Model {number}", columns=columns)
        row = render("row.html", entry=entry, sheet=sheet, cards=CARDS)
        sheets.append(msgspec.structs.replace(sheet, row=row))
    write_front_page(make_boards(sheets), CARDS, tmp_path / "site")
    page = (tmp_path / "site" / "index.html").read_bytes()
    bare = len(gzip.compress(page.split(b"<tbody>")[0]))
    assert len(gzip.compress(page, 6)) < bare + 450_000 * count / 1000


def test_numbers_of_the_switch_have_two_decimals(submissions, front):
    submit(submissions / "a", 60)
    given = [found for value in re.findall(r'data-v="([^"]*)"', front().text) for found in value.split(",") if found]
    assert given
    assert all(re.fullmatch(r"-?\d+\.\d{1,2}", value) for value in given)
