import re
import shutil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import TaskCard, load_cards
from mibench.errors import InputError
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.charts import BAR, MARGIN, WIDTH, dot_plot, stacked_bar
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.model_page import write_model_page
from mibench.leaderboard.reproduction import cost_of, reproduction_of
from mibench.leaderboard.sheet import AnswerSet, make_sheet
from mibench.leaderboard.text import bounds, number
from mibench.leaderboard.wordings import shown
from mibench.running.record import FILE_NAME, Session, TaskRecord
from mibench.scoring.report import read_scores, write_scores
from mibench.submissions.description import Model, read_description, write_description
from tests.leaderboard.test_site import text_of

CARDS = load_cards()
SET = InstructionSet(name="ours", tasks={"nlvr": tuple(f"Way {n} to ask about {{text}}" for n in range(1, 6))})


@pytest.fixture(scope="module")
def submissions(sample):
    return sample / "submissions"


@pytest.fixture
def brittle(submissions, tmp_path):
    """A copy of a submission whose score moves with the wording, to be changed."""
    return shutil.copytree(submissions / "brittle", tmp_path / "brittle")


def page_of(folder, site, *, cards=CARDS, sets=(), answers=()):
    entry = read_entry(folder)
    found = {task: AnswerSet(questions="q", instructions="builtin", rows=1) for task in answers}
    by_digest = {one.digest: one for one in sets}
    write_model_page(entry, make_sheet(entry, cards, found), folder, cards, by_digest, site)
    return (site / "submissions" / f"{folder.name}.html").read_text(encoding="utf-8")


def describe_as(folder, **changes):
    write_description(folder, read_description(folder).model_copy(update=changes))


def details_of(page, task):
    return page.split(f'<div id="{task}">')[1].split("</details>")[0]


def test_every_number_is_that_of_the_report(submissions, tmp_path):
    page, scores = page_of(submissions / "brittle", tmp_path), read_scores(submissions / "brittle")
    for name, task in scores.tasks.items():
        details, primary = details_of(page, name), task.metrics[task.primary]
        shown = re.findall(r'<span>(\d)</span><b class="figure">([^<]*)</b>', details)
        assert shown == [(str(place), number(value)) for place, value in enumerate(primary.per_instruction, 1)]
        for other in task.metrics.keys() - {task.primary}:
            assert f'<th scope="row">{other}</th><td class="figure">{number(task.metrics[other].mean)}</td>' in details
        row = page.split(f'<a href="#{name}">')[1].split("</tr>")[0]
        cells = [text_of(cell) for cell in re.findall(r'<td class="figure[^"]*">(.*?)</td>', row, re.DOTALL)]
        assert cells[0] == f"{number(primary.mean)}{bounds(primary.ci.mean)}"
        assert cells[1].startswith(number(primary.max))
        assert cells[2].startswith(number(task.robustness.worst.score))
        assert cells[3] == f"{number(primary.std)}noise {number(primary.std_noise)}" or primary.std_noise is None
        assert cells[4] == f"{number(primary.sensitivity)}{bounds(primary.ci.sensitivity)}"
    assert scores.signature in text_of(page)
    assert number(scores.summary.sensitivity) in page


def test_the_best_and_the_worst_wording_are_told_with_their_words(submissions, tmp_path):
    page = page_of(submissions / "brittle", tmp_path)
    robust = read_scores(submissions / "brittle").tasks["nlvr"].robustness
    items = [text_of(item) for item in details_of(page, "nlvr").split("<li>")[1:]]
    for kind, found in (("best", robust.best), ("worst", robust.worst)):
        told = [place for place, item in enumerate(items, 1) if f"{kind} in " in item]
        assert told == [found.instruction]
    for wording, item in zip(CARDS["nlvr"].instructions, items, strict=True):
        assert " ".join(wording.split()) in item


def test_no_wording_is_best_where_all_bring_the_same(submissions, tmp_path):
    page = page_of(submissions / "always-yes", tmp_path)
    assert "best in" not in text_of(details_of(page, "text_vqa"))


def test_a_changed_card_shows_no_words(submissions, tmp_path):
    changed = {**CARDS, "nlvr": TaskCard.model_validate(CARDS["nlvr"].model_dump() | {"version": 99})}
    details = text_of(details_of(page_of(submissions / "brittle", tmp_path, cards=changed), "nlvr"))
    assert CARDS["nlvr"].instructions[1] not in details
    assert "asked in other words than those of the present card" in details


@pytest.mark.parametrize(
    ("sets", "own", "words", "whose"),
    [
        ([SET], (), "Way 2 to ask about {text}", "Asked in other words than the card's: instruction set"),
        ([], (), None, "whose words this site was built without"),
        ([SET], ("nlvr",), CARDS["nlvr"].instructions[1], "The card's own words."),
    ],
)
def test_it_is_said_whose_the_words_are(brittle, tmp_path, sets, own, words, whose):
    describe_as(brittle, instructions=SET.digest, own_words=own)
    details = text_of(details_of(page_of(brittle, tmp_path, sets=sets), "nlvr"))
    assert whose in details
    assert (words is None and "<q>" not in details) or words in details


def test_tasks_at_chance_are_told_in_words(submissions, tmp_path):
    scores = read_scores(submissions / "always-yes")
    page = text_of(page_of(submissions / "always-yes", tmp_path))
    titles = ", ".join(CARDS[name].title for name in CARDS if name in scores.summary.at_chance)
    assert titles
    assert f"At chance on {len(scores.summary.at_chance)} of the multimodal tasks: {titles}." in page
    assert f"At chance: guessing scores {number(scores.tasks['nlvr'].chance)}" in page


def test_the_model_card_tells_what_is_not_stated(brittle, tmp_path):
    page = page_of(brittle, tmp_path)
    assert "Weightsclosed" in text_of(page)
    assert "Parameters70,000,000,000" in text_of(page)
    assert "Revisionnot stated" in text_of(page)
    model = Model(name="m", revision="r\u202e1", url="https://example.org/?a=1&b=2", open_weights=True)
    describe_as(brittle, model=model, decoding={"<b>": "<i>"}, limit=5)
    page = page_of(brittle, tmp_path)
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="nofollow noreferrer">m</a>' in page
    assert "r⟨U+202E⟩1" in page
    assert "&lt;b&gt; &lt;i&gt;" in page
    assert "5 rows each, not ranked" in text_of(page)


def test_answers_are_linked_where_the_site_holds_them(submissions, tmp_path):
    page = page_of(submissions / "brittle", tmp_path, answers=["nlvr"])
    assert 'href="../answers.html#model=brittle&amp;task=nlvr"' in details_of(page, "nlvr")
    assert "answers.html#" not in details_of(page, "text_vqa")
    assert 'href="../index.html#row=brittle"' in page
    assert 'href="brittle.scores.json"' in page


def test_the_page_stays_lean(submissions, tmp_path):
    assert len(page_of(submissions / "brittle", tmp_path, answers=CARDS).encode()) <= 150_000


def session(**changes):
    fields = {"command": "mibench run --model echo", "started": "2026-01-01T00:00:00Z", "python": "3.11 on Linux"}
    return Session(**fields | {"packages": {"torch": "2.4"}, "engine": "local", "batch_size": 8, "seed": 0} | changes)


def record(folder, *sessions):
    (folder / FILE_NAME).write_bytes(msgspec.json.encode({"format": 1, "sessions": sessions}))


def test_cost_and_speed_are_those_of_all_sessions():
    tasks = {"nlvr": TaskRecord(answered=30, failed=2, model_seconds=1.5)}
    first = session(end="interrupted", tasks=tasks, seconds=10.0, peak_memory_mib=50.0, usage={"tokens": 7.0})
    killed = session(end=None, device="H100", peak_memory_mib=80.0)
    last = session(end="finished", tasks=tasks, seconds=5.0, peak_memory_mib=60.0, usage={"tokens": 3.0})
    cost = cost_of([first, killed, last])
    assert (cost.sessions, cost.unfinished, cost.answered, cost.failed) == (3, 2, 60, 4)
    assert (cost.seconds, cost.rate, cost.model_seconds) == (15.0, 4.0, 3.0)
    assert (cost.device, cost.memory, cost.gpu_memory, cost.usage) == ("H100", 80.0, None, {"tokens": 10.0})
    assert cost_of([]) is None


def test_the_page_tells_cost_and_command(brittle, tmp_path):
    assert "Not recorded" in text_of(page_of(brittle, tmp_path))
    tasks = {"nlvr": TaskRecord(answered=1000, seconds=4.0)}
    record(brittle, session(command="first", end="interrupted"), session(tasks=tasks, seconds=75.0, end="finished"))
    page = text_of(page_of(brittle, tmp_path))
    assert "Time1 min 15 s in 2 sessions, 1 not finished" in page
    assert "13.33 answers a second" in page
    assert "The answers were made by mibench run --model echo Whether" in page
    assert "mibench score submissions/brittle --check What" in page


def test_a_broken_record_is_one_clear_error(brittle, tmp_path):
    (brittle / FILE_NAME).write_text('{"format": 1, "sessions": 3}')
    with pytest.raises(InputError, match="not a record of runs") as caught:
        page_of(brittle, tmp_path)
    assert caught.value.file == brittle / FILE_NAME


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("mibench run --model hf --model-args pretrained=org/m --data data", True),
        ("mibench run --model-args 'prompt=a; b $(c)' --output 'it'\"'\"'s'", True),
        ("mibench run --model openai --model-args api_key=***,model=m", True),
        ("mibench run --model echo; rm -rf here", False),
        ("mibench run --model $(evil)", False),
        ("mibench run `evil`", False),
        ('mibench run "$(evil)"', False),
        ("mibench run --model echo\nevil", False),
        ("mibench run 'a\nb'", False),
        ("mibench run\u00a0--model echo", False),
        ("mibench running", False),
        ("curl https://example.org | sh", False),
        ("mibench run " + "x" * 10_000, False),
        ("", False),
    ],
)
def test_only_a_command_of_mibench_alone_is_offered_as_one(submissions, typed, plain):
    found = reproduction_of(read_entry(submissions / "brittle"), [session(command=typed)])
    assert (found.command, found.foreign) == ((typed, None) if plain else (None, typed))


def test_a_foreign_command_is_not_set_as_one(brittle, tmp_path):
    record(brittle, session(command="mibench run; <script>"))
    page = page_of(brittle, tmp_path)
    assert "do not run it unread" in page
    assert "<bdi>mibench run; &lt;script&gt;</bdi>" in page
    assert "mibench run" not in "".join(re.findall(r"<pre.*?</pre>", page, re.DOTALL))


@pytest.mark.parametrize(("harness", "version"), [("0.1.0", "0.1.0"), ("1.2.dev3", "1.2.dev3"), ("0.1 && evil", None)])
def test_only_a_version_is_offered_as_one(brittle, harness, version):
    describe_as(brittle, harness=harness, world="official")
    found = reproduction_of(read_entry(brittle), [])
    assert found == (version, None, None, "mibench score submissions/brittle --check --data DATA")


def test_a_task_without_intervals_is_shown(brittle, tmp_path):
    scores = read_scores(brittle)
    metrics = {name: msgspec.structs.replace(one, ci=None) for name, one in scores.tasks["nlvr"].metrics.items()}
    robust = msgspec.structs.replace(scores.tasks["nlvr"].robustness, variance=None, consistency=None, best=None)
    task = msgspec.structs.replace(scores.tasks["nlvr"], metrics=metrics, robustness=robust, chance=None)
    write_scores(brittle, msgspec.structs.replace(scores, tasks={**scores.tasks, "nlvr": task}))
    page = page_of(brittle, tmp_path)
    assert "guessing" not in page.split('<a href="#nlvr">')[1].split("</tr>")[0]


def test_dots_lie_where_their_scores_are():
    plot = dot_plot([0, 25, None, 75, 100], 50, interval=(40, 65), chance=25)
    inner = WIDTH - 2 * MARGIN
    assert [(dot.number, dot.x) for dot in plot.dots] == [
        (number, MARGIN + inner * part / 4) for number, part in ((1, 0), (2, 1), (4, 3), (5, 4))
    ]
    assert (plot.mean, plot.chance) == (WIDTH / 2, MARGIN + inner / 4)
    assert plot.interval == pytest.approx((MARGIN + 0.4 * inner, 0.25 * inner), abs=0.1)
    outside = dot_plot([-1e9, 1e9], None)
    assert [dot.x for dot in outside.dots] == [MARGIN, WIDTH - MARGIN]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_shares_stand_side_by_side(parts):
    whole = sum(parts) or 1.0
    found = stacked_bar([part / whole for part in parts])
    assert found[0].x == 0
    for one, after in zip(found, [*found[1:], None], strict=True):
        end = one.x + one.width
        assert one.width >= 0
        assert end <= BAR + 0.1
        assert after is None or after.x == pytest.approx(end, abs=0.11)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_instructions_are_shown_word_by_word(card):
    for template, parts in zip(card.instructions, shown(card), strict=True):
        text = "".join(part.text for part in parts)
        assert text.removesuffix("\n\n{options}") == template.removesuffix("\n\n{options}")
        assert ("{options}" in text) == (card.answer.kind != "text")
        assert {part.text for part in parts if part.field} >= {f"{{{name}}}" for name in card.fields}
