import json
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.leaderboard.pages import STATIC
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


def test_everything_shown_is_escaped(tmp_path):
    model = Model(name=EVIL, revision=EVIL, url="https://example.org/?a=1&b=<i>")
    submit(tmp_path / "submissions" / "one", 30, name=EVIL, model=model, adapter=EVIL, decoding={EVIL: EVIL})
    build(tmp_path)
    for page in (tmp_path / "site").rglob("*.*"):
        text = page.read_text(encoding="utf-8")
        if page.suffix not in {".html", ".js", ".xml"}:
            continue
        assert "<script>" not in text
        assert "b=<i>" not in text
        if page.name in {"index.html", "one.html", "nlvr.html"}:
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
    submit(tmp_path / "submissions" / "one", 30, model=Model(name="m", url="https://example.org/m"))
    build(tmp_path)
    owners = {card.source.homepage for card in CARDS.values()}
    allowed = {"https://example.org/m", load_published().source.url, *owners}
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
    build_site(tmp_path / "submissions", tmp_path / "site", CARDS, cache=tmp_path / "empty")
    assert contents(tmp_path / "site") == first


def test_what_somebody_changes_by_hand_is_undone(tmp_path):
    submit(tmp_path / "submissions" / "a", 30)
    build(tmp_path)
    first = contents(tmp_path / "site")
    with (tmp_path / "site" / "submissions" / "a.html").open("a", encoding="utf-8") as page:
        page.write("<p>More.")
    build(tmp_path)
    assert contents(tmp_path / "site") == first


def test_builds_of_one_site_wait_for_each_other(tmp_path):
    for place in range(3):
        submit(tmp_path / "submissions" / f"model-{place}", 20 + place)
    build(tmp_path)
    before = contents(tmp_path / "site")
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(lambda _: build(tmp_path), range(3))] == [before[Path("index.html")].decode()] * 3
    assert contents(tmp_path / "site") == before


def test_a_withdrawn_submission_leaves_no_page(tmp_path):
    for name in ("a", "b"):
        submit(tmp_path / "submissions" / name, 30)
    build(tmp_path)
    (tmp_path / "submissions" / "b").rename(tmp_path / "withdrawn")
    build(tmp_path)
    names = sorted(path.name for path in (tmp_path / "site" / "submissions").iterdir())
    assert names == ["a.html", "a.scores.json"]


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
    task = msgspec.structs.replace(task, chance=25.0, at_chance=True, metrics={**task.metrics, "accuracy": metric})
    summary = msgspec.structs.replace(report.summary, at_chance=["nlvr"])
    changed = msgspec.structs.replace(report, tasks={**report.tasks, "nlvr": task}, summary=summary)
    write_scores(tmp_path / "submissions" / "one", changed)
    build_site(tmp_path / "submissions", tmp_path / "site", CARDS)
    page = (tmp_path / "site" / "submissions" / "one.html").read_text()
    assert page.count("<small>2.00 to 8.00</small>") == 2
    assert page.count(", at chance</small>") == 2
    assert "<small>at chance: 1 of 1</small>" in (tmp_path / "site" / "index.html").read_text()


def test_styles_and_scripts_are_the_packages_own(tmp_path):
    (tmp_path / "submissions").mkdir()
    build(tmp_path)
    for source in STATIC.iterdir():
        assert (tmp_path / "site" / source.name).read_bytes() == source.read_bytes()
