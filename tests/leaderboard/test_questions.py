import itertools
import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard import chunks
from mibench.leaderboard.cache import SITE, Cache
from mibench.leaderboard.chunks import write_chunks
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.pictures import OPEN_LICENCES, SUFFIXES, copy_pictures, picture_place, why_not_shown
from mibench.leaderboard.questions import (
    QuestionSet,
    join_pieces,
    make_question_parts,
    question_set,
    template_pieces,
    write_questions,
)
from mibench.leaderboard.sheet import AnswerSet, make_sheet
from mibench.leaderboard.submission_part import Sources
from mibench.prompts import render_request
from mibench.scoring.report import write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model
from mibench.submissions.writing import describe
from mibench.visible import visible
from tests.builders import make_data, make_submission, opened
from tests.leaderboard.data_scripts import read_data, read_rows

CARDS = load_cards()
TEXT = st.text(max_size=12)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


def asked(card, data, instructions="builtin", seed=0):
    return QuestionSet(card.name, data.entry(card.name).digest, card.digest, instructions, seed)


def written(site, card, data, *, words=None, instructions="builtin", seed=0, without=None):
    """Write a set and return its head and rows."""
    found = asked(card, data, instructions, seed)
    write_questions(found, card, data, words, without, None, site)
    return read_data(site, f"questions/{found.name}"), read_rows(site, f"questions/{found.name}")


def prompts(head, row):
    """Put the five prompts of a row together as the page does."""
    _, _, values, options, orders, *_ = row
    for number, pieces in enumerate(head["templates"]):
        yield join_pieces(pieces, values, [options[place] for place in orders[number]] if orders else [])


@pytest.mark.parametrize("seed", [0, 5])
def test_every_prompt_is_the_one_that_models_read(sample, tmp_path, seed):
    world = DataFolder(sample / "world")
    for card in CARDS.values():
        head, rows = written(tmp_path, card, world, seed=seed)
        instances = list(world.instances(card.name))
        assert len(rows) == head["rows"] == len(instances)
        for row, instance in zip(rows, instances, strict=True):
            requests = [render_request(card, instance, number, seed=seed) for number in range(1, 6)]
            assert [*prompts(head, row)] == [visible(request.prompt) for request in requests]
            assert row[0] == instance.id
            assert row[5] == [visible(target) for target in instance.targets]


@settings(deadline=None)
@given(
    parts=st.lists(st.one_of(TEXT, st.sampled_from(["{question}", "{options}"])), min_size=1),
    value=TEXT,
    options=st.lists(TEXT, max_size=4, unique=True),
)
def test_pieces_give_the_prompt_of_any_template(parts, value, options):
    fields = ("{question}", "{options}")
    template = "".join(part if part in fields else part.replace("{", "{{").replace("}", "}}") for part in parts)
    card = InstructionSet(name="any", tasks={"text_vqa": (template or "x",) * 5}).worded(CARDS["text_vqa"])
    instance = Instance(id="1", fields={"question": value}, options=tuple(options), targets=("x",), group="1")
    request = render_request(card, instance, 2, seed=3)
    pieces = template_pieces(template or "x", ["question"])
    assert join_pieces(pieces, [value], request.options) == request.prompt


def test_a_set_is_named_by_all_that_decides_its_prompts():
    first = QuestionSet("nlvr", "sha256:d", "sha256:c", "builtin", 0)
    others = [
        first._replace(task="text_vqa"),
        first._replace(data="sha256:e"),
        first._replace(card="sha256:e"),
        first._replace(instructions="sha256:e"),
        first._replace(seed=1),
    ]
    names = {found.name for found in (first, *others)}
    assert len(names) == 6
    assert all(re.fullmatch(r"[0-9a-f]{12}", name) for name in names)
    assert first.name == QuestionSet(*first).name


def test_a_task_in_its_cards_own_words_is_asked_as_by_the_cards(data):
    digest = f"sha256:{'1' * 64}"
    cards = [CARDS["nlvr"], CARDS["text_vqa"]]
    about = describe("x", Model(name="x"), cards, data, instructions=digest, own_words=["text_vqa"])
    assert question_set(about, "nlvr").instructions == digest
    assert question_set(about, "text_vqa") == asked(CARDS["text_vqa"], data)


def test_the_words_of_an_imported_set_are_shown(data, tmp_path):
    words = InstructionSet(name="mine", tasks={"nlvr": tuple(f"{number}: {{text}}?" for number in range(5))})
    head, rows = written(tmp_path, CARDS["nlvr"], data, words=words, instructions=words.digest)
    for row, instance in zip(rows, data.instances("nlvr"), strict=True):
        worded = words.worded(CARDS["nlvr"])
        assert [*prompts(head, row)] == [render_request(worded, instance, number).prompt for number in range(1, 6)]


@pytest.mark.parametrize("tasks", [None, {"text_vqa": tuple(f"{number}: {{question}}" for number in range(5))}])
def test_words_that_are_not_at_hand_are_not_made_up(data, tmp_path, tasks):
    words = None if tasks is None else InstructionSet(name="other", tasks=tasks)
    head, rows = written(tmp_path, CARDS["nlvr"], data, words=words, instructions="sha256:unknown")
    assert head["templates"] is None
    assert rows[0][2] == ["Statement 0."]
    assert sorted(rows[0][4][0]) == [0, 1]


def test_a_set_tells_its_ids_apart_from_its_rows(data, tmp_path):
    found = asked(CARDS["nlvr"], data)
    written(tmp_path, CARDS["nlvr"], data)
    assert read_data(tmp_path, f"questions/{found.name}-ids") == [f"row-{number}" for number in range(6)]


def test_boxes_are_numbered_as_the_data_lists_them(sample, tmp_path):
    world = DataFolder(sample / "world")
    _, rows = written(tmp_path, CARDS["grounded_vqa"], world)
    for row in rows:
        _, _, _, options, _, targets, boxes = row
        assert [label for label, *_ in boxes] == [str(number) for number in range(1, len(options) + 1)]
        assert [" ".join(f"{edge:g}" for edge in edges) for _, *edges, _ in boxes] == options
        assert [option for option, box in zip(options, boxes, strict=True) if box[-1]] == targets
    _, rows = written(tmp_path, CARDS["commonsense_vqa"], world)
    assert "person 1" in {label for row in rows for label, *_ in row[6]}


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.sampled_from([1, 200, 700, 5000]), max_size=40))
def test_rows_are_parted_into_pieces_that_are_neither_long_nor_many(tmp_path_factory, sizes):
    folder, rows = tmp_path_factory.mktemp("pieces"), ["x" * size for size in sizes]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chunks, "ROWS", 7)
        patched.setattr(chunks, "BYTES", 1000)
        starts = write_chunks(folder, "rows", rows)
    pieces = [read_data(folder, f"rows-{number}") for number in range(len(starts))]
    assert [row for piece in pieces for row in piece] == rows
    assert starts == [*itertools.accumulate(map(len, pieces), initial=0)][: len(pieces)]
    for piece in pieces:
        assert 1 <= len(piece) <= 7
        assert len(piece) == 1 or sum(map(len, piece)) <= 1000
    for one, other in itertools.pairwise(pieces):
        assert len(one) == 7 or sum(len(row) + 3 for row in (*one, other[0])) > 1000


def test_drawn_pictures_are_shown_with_their_size(sample, tmp_path):
    world = DataFolder(sample / "world")
    assert why_not_shown(world, CARDS["nlvr"], asked=False) is None
    _, rows = written(tmp_path, CARDS["nlvr"], world)
    place, width, height = rows[0][1]
    assert place == "pictures/nlvr/000-a.png"
    assert width > height > 50
    copy_pictures(world, "nlvr", None, tmp_path)
    source = sample / "world" / "nlvr" / "images" / "000-a.png"
    assert (tmp_path / place).read_bytes() == source.read_bytes()


def test_official_pictures_are_shown_where_asked_for_and_allowed(data, tmp_path):
    free, not_free = CARDS["text_vqa"], CARDS["visual_entailment"]
    assert free.source.license in OPEN_LICENCES
    assert "built without" in why_not_shown(data, free, asked=False)
    assert why_not_shown(data, free, asked=True) is None
    _, rows = written(tmp_path, free, data)
    copy_pictures(data, "text_vqa", None, tmp_path)
    assert rows[0][1] == ["pictures/official/text_vqa/0.png", 1, 1]
    assert (tmp_path / rows[0][1][0]).is_file()
    world = make_data(tmp_path / "more")
    rows = [Row(next(data.instances("nlvr")), lambda: b"")]
    store_task(world.path, not_free.name, strip(rows), world="official", source="test", reader="1")
    world = DataFolder(world.path)
    assert not_free.source.license in why_not_shown(world, not_free, asked=True)


def strip(rows):
    """Yield rows without their pictures."""
    for row in rows:
        instance = row.instance
        fields = {"id": instance.id, "fields": instance.fields, "options": instance.options}
        yield Row(Instance(**fields, targets=instance.targets, group=instance.group), None)


def test_why_there_are_no_pictures_is_told_where_there_could_be_some(data, tmp_path):
    head, rows = written(tmp_path, CARDS["nlvr"], data, without="Not shown.")
    assert head["pictures"] == "Not shown."
    assert {row[1] for row in rows} == {None}
    store_task(tmp_path / "text", "nlvr", strip(data_rows(data)), world="official", source="test", reader="1")
    head, _ = written(tmp_path, CARDS["nlvr"], DataFolder(tmp_path / "text"), without="Not shown.")
    assert head["pictures"] is None


def data_rows(data):
    return [Row(instance, None) for instance in data.instances("nlvr")]


@settings(deadline=None)
@given(image=st.one_of(st.text(), st.from_regex(r"[a-zA-Z0-9_./ -]{1,20}\.(png|JPG|svg|html)", fullmatch=True)))
def test_a_picture_is_shown_at_a_plain_place_or_not_at_all(image):
    place = picture_place("mini", "nlvr", image)
    if place is None:
        assert PurePosixPath(image).suffix.lower() not in SUFFIXES
    else:
        assert re.fullmatch(r"pictures/nlvr/[A-Za-z0-9_-][A-Za-z0-9._/-]*\.(png|jpe?g|gif|bmp|webp)", place, re.I)
        assert not {"", ".", ".."} & set(place.split("/"))


def test_a_drawing_that_may_hold_a_script_is_not_copied(tmp_path):
    assert picture_place("mini", "nlvr", "images/a.svg") is None
    assert picture_place("mini", "nlvr", "images/a.html") is None


def test_submissions_that_were_asked_the_same_share_their_questions(data, tmp_path):
    folder = make_submission(tmp_path / "one", data)
    write_scores(folder, score_submission(opened(folder, data), CARDS))
    entry, sources = read_entry(folder), Sources(cards=CARDS, data={"official": data.path}, instructions={})
    answers = {
        name: AnswerSet(questions=asked(CARDS[name], data).name, instructions="builtin", rows=6)
        for name in ("nlvr", "text_vqa")
    }
    sheet, cache = make_sheet(entry, CARDS, answers), Cache(tmp_path / "cache")
    parts = make_question_parts([sheet, sheet], sources, cache)
    assert len(parts) == len(set(parts)) == 2
    stamps = [part.stat().st_mtime_ns for part in parts]
    assert make_question_parts([sheet], sources, cache) == parts
    assert [part.stat().st_mtime_ns for part in parts] == stamps
    heads = [path.name for part in parts for path in (part / SITE / "data" / "questions").iterdir()]
    assert len(heads) == 6
    shown = Sources(cards=CARDS, data={"official": data.path}, instructions={}, pictures=True)
    assert len(make_question_parts([sheet], shown, cache)) == 4
