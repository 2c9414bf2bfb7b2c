import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from mibench.cards import TaskCard, load_cards
from mibench.errors import InputError
from mibench.leaderboard.charts import MARGIN, WIDTH, dot_plot
from mibench.leaderboard.published import load_published
from mibench.leaderboard.site import MARKER, build_site
from mibench.scoring.report import Digests, Interval, Intervals, Scores, write_scores
from mibench.scoring.summary import summarise
from mibench.submissions.description import Description, Model, write_description
from tests.builders import task_scores

CARDS = load_cards()
EVIL = '<script>alert("1")</script>&\'"{{ 7*7 }}'


def submit(folder, base, *, tasks=None, world="mini", name=None, **changes):
    """Write a submission whose scores are made from one number."""
    folder.mkdir(parents=True)
    chosen = {task: CARDS[task] for task in tasks or CARDS}
    scores = {
        task: task_scores(
            card,
            {metric: [base + place + step for step in range(5)] for place, metric in enumerate(card.metrics)},
        )
        for task, card in chosen.items()
    }
    digests = {task: card.digest for task, card in chosen.items()}
    fields = {
        "name": name or folder.name,
        "model": Model(name=f"model of {folder.name}"),
        "harness": "0.1.0",
        "world": world,
        "data": digests,
        "cards": digests,
        "created": "2026-01-31T12:00:00Z",
    }
    write_description(folder, Description(**(fields | changes)))
    report = Scores(
        format=1,
        tasks=scores,
        summary=summarise(scores, CARDS),
        digests=Digests(predictions=digests, cards=digests, data=digests, metrics={}),
        signature=f"mibench|{folder.name}",
    )
    write_scores(folder, report)
    return report


def build(tmp_path):
    build_site(tmp_path / "submissions", tmp_path / "site", CARDS)
    return (tmp_path / "site" / "index.html").read_text(encoding="utf-8")


def section(page, heading):
    """Return what stands between a heading and the next."""
    return page.split(f"<h2>{heading}</h2>")[1].split("<h2>")[0]


def text_of(html):
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(html)
    return " ".join("".join(parts).split())


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_best_aggregate_comes_first(tmp_path):
    for name, base in (("low", 20), ("high", 60), ("middle", 40)):
        submit(tmp_path / "submissions" / name, base)
    table = section(build(tmp_path), "Mini world")
    assert re.findall(r'<td class="figure">(\d|–)</td>\s*<th scope="row"><a [^>]*>(\w+)', table) == [
        ("1", "high"),
        ("2", "middle"),
        ("3", "low"),
    ]


def test_equal_aggregates_share_a_rank(tmp_path):
    for name, base in (("a", 20), ("b", 60), ("c", 60)):
        submit(tmp_path / "submissions" / name, base)
    table = section(build(tmp_path), "Mini world")
    assert re.findall(r'<td class="figure">(\d|–)</td>\s*<th scope="row"><a [^>]*>(\w+)', table) == [
        ("1", "b"),
        ("1", "c"),
        ("3", "a"),
    ]


def test_what_is_not_complete_is_not_ranked(tmp_path):
    submit(tmp_path / "submissions" / "short", 90, tasks=["nlvr", "text_vqa"])
    submit(tmp_path / "submissions" / "limited", 90, limit=5)
    submit(tmp_path / "submissions" / "whole", 10)
    table = section(build(tmp_path), "Mini world")
    assert re.findall(r'<td class="figure">(\d|–)</td>\s*<th scope="row"><a [^>]*>(\w+)', table) == [
        ("1", "whole"),
        ("–", "limited"),
        ("–", "short"),
    ]
    assert "2 of 29 tasks" in text_of(table)
    assert "29 of 29 tasks, 5 rows each" in text_of(table)
    page = text_of((tmp_path / "site" / "submissions" / "short.html").read_text(encoding="utf-8"))
    assert "7 of 9 multimodal tasks" in page
    assert "not ranked" in page


def test_a_blind_submission_is_shown_and_not_ranked(tmp_path):
    submit(tmp_path / "submissions" / "blind", 90, blind=True)
    submit(tmp_path / "submissions" / "whole", 10)
    table = section(build(tmp_path), "Mini world")
    assert re.findall(r'<td class="figure">(\d|–)</td>\s*<th scope="row"><a [^>]*>(\w+)', table) == [
        ("1", "whole"),
        ("–", "blind"),
    ]
    assert "29 of 29 tasks, without pictures" in text_of(table)
    assert text_of(table).count("without pictures") == 1


def test_failed_answers_are_told(tmp_path):
    submit(tmp_path / "submissions" / "whole", 10)
    report = submit(tmp_path / "submissions" / "failed", 90)
    tasks = {name: msgspec.structs.replace(task, failed=3) for name, task in report.tasks.items()}
    write_scores(tmp_path / "submissions" / "failed", msgspec.structs.replace(report, tasks=tasks))
    table = text_of(section(build(tmp_path), "Mini world"))
    assert f"{3 * len(CARDS)} answers failed" in table
    assert table.count("answers failed") == 1


def test_a_submission_of_some_wordings_is_shown_and_not_ranked(tmp_path):
    folder = tmp_path / "submissions" / "some"
    report = submit(folder, 90, wordings=(1, 3))
    tasks = {}
    for name, task in report.tasks.items():
        values = {metric: [50.0, None, 60.0, None, None] for metric in task.metrics}
        tasks[name] = task_scores(CARDS[name], values)
    write_scores(folder, msgspec.structs.replace(report, tasks=tasks, summary=summarise(tasks, CARDS)))
    submit(tmp_path / "submissions" / "whole", 10)
    table = section(build(tmp_path), "Mini world")
    assert re.findall(r'<td class="figure">(\d|–)</td>\s*<th scope="row"><a [^>]*>(\w+)', table) == [
        ("1", "whole"),
        ("–", "some"),
    ]


def test_worlds_and_published_results_never_share_a_table(tmp_path):
    submit(tmp_path / "submissions" / "drawn", 30)
    submit(tmp_path / "submissions" / "real", 30, world="official")
    page = build(tmp_path)
    assert ">drawn<" in section(page, "Mini world")
    assert ">drawn<" not in section(page, "Official data")
    assert ">real<" in section(page, "Official data")
    published = section(page, "Published by the paper's authors")
    for model in load_published().models.values():
        assert model.title in published
        assert page.count(f'<th scope="row">{model.title}<') == 1
    assert ">drawn<" not in published
    assert ">real<" not in published


def test_published_aggregates_are_those_of_the_printed_means(tmp_path):
    (tmp_path / "submissions").mkdir()
    table = text_of(section(build(tmp_path), "Published by the paper's authors"))
    for figure in ("45.29", "48.25", "47.83", "51.01", "52.49", "52.13", "13.84", "10.27", "10.45"):
        assert figure in table


def test_numbers_on_the_pages_are_those_of_the_report(tmp_path):
    scores = submit(tmp_path / "submissions" / "one", 33.333)
    row = section(build(tmp_path), "Mini world")
    assert f'"figure strong">{scores.summary.aggregate.mean:.2f}<' in row
    assert f'"figure strong">{scores.summary.sensitivity:.2f}<' in row
    page = (tmp_path / "site" / "submissions" / "one.html").read_text(encoding="utf-8")
    for task in scores.tasks.values():
        for metric in task.metrics.values():
            assert f"{metric.mean:.2f}" in page
    for value in scores.tasks["nlvr"].metrics["accuracy"].per_instruction:
        assert f'<b class="figure">{value:.2f}</b>' in page
    assert scores.signature in page


def test_the_wordings_stand_beside_their_scores(tmp_path):
    submit(tmp_path / "submissions" / "one", 30)
    build(tmp_path)
    page = text_of((tmp_path / "site" / "submissions" / "one.html").read_text(encoding="utf-8"))
    for card in CARDS.values():
        for wording in card.instructions:
            assert " ".join(wording.split()) in page


def test_a_changed_card_shows_no_wordings(tmp_path):
    submit(tmp_path / "submissions" / "old", 30)
    changed = {**CARDS, "nlvr": TaskCard.model_validate(CARDS["nlvr"].model_dump() | {"version": 99})}
    build_site(tmp_path / "submissions", tmp_path / "site", changed)
    page = text_of((tmp_path / "site" / "submissions" / "old.html").read_text(encoding="utf-8"))
    assert CARDS["nlvr"].instructions[1] not in page
    assert "asked in other words" in page


def test_everything_shown_is_escaped(tmp_path):
    folder = tmp_path / "submissions" / "a<b>&c d"
    model = Model(name=EVIL, revision=EVIL, url="https://example.org/?a=1&b=<i>")
    submit(folder, 30, name=EVIL, model=model, adapter=EVIL, decoding={EVIL: EVIL}, instructions=EVIL)
    build(tmp_path)
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<i>" not in text.replace("<i>Best wording</i>", "")
        assert EVIL in text_of(text)


def test_an_address_that_is_no_web_page_is_refused(tmp_path):
    submit(tmp_path / "submissions" / "one", 30)
    file = tmp_path / "submissions" / "one" / "submission.yaml"
    text = file.read_text(encoding="utf-8").replace("model:", "model:\n  url: javascript:alert(1)")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.url"):
        build(tmp_path)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.ids = set()

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in {"href", "src"}]
        self.ids |= {value for key, value in attrs if key == "id"}


def test_links_resolve_and_nothing_comes_from_elsewhere(tmp_path):
    submit(tmp_path / "submissions" / "strange name é", 30, model=Model(name="m", url="https://example.org/m"))
    build(tmp_path)
    allowed = {"https://example.org/m", load_published().source.url}
    for page in (tmp_path / "site").rglob("*.html"):
        links = Links()
        links.feed(page.read_text(encoding="utf-8"))
        assert links.found
        for link in links.found:
            path, _, fragment = link.partition("#")
            if "://" in link:
                assert link in allowed
            elif path:
                assert (page.parent / unquote(path)).is_file(), link
            else:
                assert fragment in links.ids
        assert "default-src 'none'" in page.read_text(encoding="utf-8")
    assert "url(" not in (tmp_path / "site" / "style.css").read_text(encoding="utf-8")


def test_the_same_submissions_give_the_same_bytes(tmp_path):
    for name in ("b", "a"):
        submit(tmp_path / "submissions" / name, 30)
    build(tmp_path)
    first = contents(tmp_path / "site")
    build(tmp_path)
    assert contents(tmp_path / "site") == first


def test_a_withdrawn_submission_leaves_no_page(tmp_path):
    for name in ("a", "b"):
        submit(tmp_path / "submissions" / name, 30)
    build(tmp_path)
    (tmp_path / "submissions" / "b").rename(tmp_path / "withdrawn")
    build(tmp_path)
    assert [path.name for path in (tmp_path / "site" / "submissions").iterdir()] == ["a.html"]


def without_scores(folder):
    (folder / "scores.json").unlink()


def of_other_data(folder):
    content = json.loads((folder / "scores.json").read_text())
    content["digests"]["data"]["nlvr"] = "sha256:other"
    (folder / "scores.json").write_text(json.dumps(content))


def of_another_format(folder):
    (folder / "scores.json").write_text('{"format": 2}')


def linked(folder):
    folder.rename(folder.parent.parent / "elsewhere")
    folder.symlink_to(folder.parent.parent / "elsewhere")


def without_description(folder):
    (folder / "submission.yaml").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_scores, "no scores.*mibench score"),
        (of_other_data, "other cards or data"),
        (of_another_format, "scores.json"),
        (linked, "symbolic link"),
        (without_description, "cannot be read"),
    ],
)
def test_a_faulty_submission_stops_the_building_and_harms_nothing(tmp_path, spoil, message):
    submit(tmp_path / "submissions" / "good", 30)
    build(tmp_path)
    before = contents(tmp_path / "site")
    submit(tmp_path / "submissions" / "bad", 30)
    spoil(tmp_path / "submissions" / "bad")
    with pytest.raises(InputError, match=message) as caught:
        build(tmp_path)
    assert "bad" in str(caught.value.file)
    assert contents(tmp_path / "site") == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_folder_of_something_else_is_never_replaced(tmp_path):
    submit(tmp_path / "submissions" / "one", 30)
    output = tmp_path / "site"
    output.mkdir()
    (output / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="something else"):
        build(tmp_path)
    assert (output / "thesis.tex").read_text() == "years of work"
    (output / "thesis.tex").unlink()
    build(tmp_path)
    assert (output / MARKER).is_file()
    for bad in (tmp_path / "file", tmp_path / "link"):
        if bad.name == "file":
            bad.write_text("")
        else:
            bad.symlink_to(output)
        with pytest.raises(InputError, match="not a folder"):
            build_site(tmp_path / "submissions", bad, CARDS)


def test_missing_submissions_are_told(tmp_path):
    with pytest.raises(InputError, match="not a folder"):
        build_site(tmp_path / "absent", tmp_path / "site", CARDS)


def test_intervals_and_chance_stand_beside_the_numbers(tmp_path):
    report = submit(tmp_path / "submissions" / "one", 20)
    interval = Interval(percentile=(1.25, 9.5), bca=(2.0, 8.0), debiased=None)
    task = report.tasks["nlvr"]
    metric = msgspec.structs.replace(
        task.metrics["accuracy"], ci=Intervals(per_instruction=[None] * 5, mean=interval, sensitivity=interval)
    )
    task = msgspec.structs.replace(task, at_chance=True, metrics={**task.metrics, "accuracy": metric})
    summary = msgspec.structs.replace(report.summary, at_chance=["nlvr"])
    changed = msgspec.structs.replace(report, tasks={**report.tasks, "nlvr": task}, summary=summary)
    write_scores(tmp_path / "submissions" / "one", changed)
    build_site(tmp_path / "submissions", tmp_path / "site", CARDS)
    page = (tmp_path / "site" / "submissions" / "one.html").read_text()
    assert page.count("<small>2.00 to 8.00</small>") == 2
    assert page.count("<small>at chance</small>") == 1
    assert "<small>at chance on 1</small>" in (tmp_path / "site" / "index.html").read_text()


def test_an_undefined_sensitivity_is_a_dash(tmp_path):
    scores = submit(tmp_path / "submissions" / "one", 30)
    summary = msgspec.structs.replace(scores.summary, sensitivity=None)
    write_scores(tmp_path / "submissions" / "one", msgspec.structs.replace(scores, summary=summary))
    assert '<td class="figure strong">–</td>' in section(build(tmp_path), "Mini world")


def test_dots_lie_where_their_scores_are():
    plot = dot_plot([0, 25, 50, 75, 100], 50)
    inner = WIDTH - 2 * MARGIN
    assert [dot.x for dot in plot.dots] == [MARGIN + inner * part / 4 for part in range(5)]
    assert (plot.low, plot.mean, plot.high) == (MARGIN, WIDTH / 2, WIDTH - MARGIN)


def test_the_style_sheet_is_the_packages_own(tmp_path):
    (tmp_path / "submissions").mkdir()
    build(tmp_path)
    source = Path(__file__).parents[2] / "mibench" / "leaderboard" / "templates" / "style.css"
    assert (tmp_path / "site" / "style.css").read_bytes() == source.read_bytes()
