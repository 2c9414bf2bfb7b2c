import json

import numpy as np
import pytest

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.leaderboard.answers import LONGEST, Mark, answers_alike, mark_text, write_answers
from mibench.leaderboard.cache import SITE
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.submission_part import Sources
from mibench.scoring.report import write_scores
from mibench.scoring.score import score_submission
from mibench.submissions.description import read_description, write_description
from tests.builders import answers, make_data, make_submission, opened, write_lines
from tests.leaderboard.data_scripts import read_data, read_rows

CARDS = load_cards()
EVIL = "</script><script>alert(1)</script><!-- \u202e \u2028 &amp;"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def written(tmp_path, data):
    """Return a function that writes a submission's answers and returns the site and what was written."""

    def write(answer=lambda row, number: row.targets[0], lines=answers, **changes):
        folder = make_submission(tmp_path / "model", data)
        for task in data.manifest.tasks:
            write_lines(folder / "predictions" / f"{task}.jsonl", lines(data, task, answer))
        write_description(folder, read_description(folder).model_copy(update=changes))
        write_scores(folder, score_submission(opened(folder, data), CARDS))
        return tmp_path / "part" / SITE, show(folder, data, tmp_path / "part")

    return write


def show(folder, data, part, rows=None):
    part.mkdir()
    sources = Sources(cards=CARDS, data={"official": data.path}, instructions={}, rows=rows)
    return write_answers(read_entry(folder), folder, sources, part)


def marks(site, task):
    """Return the six digits of each row."""
    text = read_data(site, f"answers/model/{task}")["marks"]
    return [text[place : place + 6] for place in range(0, len(text), 6)]


def test_each_answer_has_its_text_its_score_and_its_mark(written):
    said = ["yes", "no", "Yes.", "I see yes", ""]
    site, found = written(lambda row, number: said[number - 1])
    assert found["nlvr"].rows == 6
    rows = read_rows(site, "answers/model/nlvr")
    assert rows[0] == [said, [100, 0, 100, 0, 0]]
    assert rows[1] == [said, [0, 100, 0, 0, 0]]
    assert marks(site, "nlvr")[:2] == ["202550", "020550"]


def test_a_score_between_is_partly_right_with_one_decimal(written):
    site, _ = written(lambda row, number: "the north gate" if number < 3 else "a gate of the north, I think")
    rows = read_rows(site, "answers/model/text_vqa")
    assert rows[0][1] == [100, 100, 40, 40, 40]
    assert marks(site, "text_vqa")[0] == "221110"


def test_a_score_is_never_rounded_to_right_or_wrong(written):
    long = " ".join(["gate"] + ["word"] * 5000)
    site, _ = written(lambda row, number: long)
    assert read_rows(site, "answers/model/text_vqa")[0][1] == [0.1] * 5
    assert marks(site, "text_vqa")[0] == "111111"


def test_answers_that_differ_in_form_alone_are_alike(written):
    said = ["yes", "YES", " yes.", "yes", "Yes!"]
    site, _ = written(lambda row, number: said[number - 1])
    assert {row[-1] for row in marks(site, "nlvr")} == {"1"}


def test_a_failed_answer_is_none_and_not_a_wrong_format(written):
    def lines(data, task, answer):
        rows = answers(data, task, answer)
        rows[1] = {**rows[1], "prediction": "", "failed": "timeout"}
        return rows

    site, _ = written(lines=lines)
    assert read_rows(site, "answers/model/nlvr")[0] == [["yes", None, "yes", "yes", "yes"], [100, None, 100, 100, 100]]
    assert marks(site, "nlvr")[:2] == ["232220", "222221"]


def test_wordings_that_were_not_asked_are_told_from_empty_answers(written):
    def lines(data, task, answer):
        return [row for row in answers(data, task, answer) if row["instruction"] in (1, 3)]

    site, _ = written(lines=lines, wordings=(1, 3))
    assert read_rows(site, "answers/model/nlvr")[0][0] == ["yes", None, "yes", None, None]
    assert marks(site, "nlvr")[0] == "242441"


def test_the_first_rows_alone_are_shown_where_asked_for(written, data, tmp_path):
    written()
    found = show(tmp_path / "model", data, tmp_path / "few", rows=2)
    head = read_data(tmp_path / "few" / SITE, "answers/model/nlvr")
    assert (head["rows"], head["answered"], len(head["marks"]), found["nlvr"].rows) == (2, 6, 12, 2)
    whole = read_rows(tmp_path / "part" / SITE, "answers/model/nlvr")
    assert read_rows(tmp_path / "few" / SITE, "answers/model/nlvr") == whole[:2]


def test_a_limit_and_withheld_pictures_are_told(written):
    def lines(data, task, answer):
        return answers(data, task, answer)[:10]

    site, found = written(lines=lines, limit=2, blind=True)
    head = read_data(site, "answers/model/nlvr")
    assert (head["rows"], head["limit"], head["blind"], len(head["marks"])) == (2, 2, True, 12)
    assert found["nlvr"].rows == 2
    assert head["questions"] == found["nlvr"].questions


def test_marks_agree_with_the_scores(sample):
    for folder in sorted((sample / "submissions").iterdir()):
        entry = read_entry(folder)
        path = sample / "site" / "data" / "answers" / folder.name / "nlvr.js"
        if not path.exists():
            continue
        text = read_data(sample / "site", f"answers/{folder.name}/nlvr")["marks"]
        digits = np.frombuffer(text.encode(), np.uint8).reshape(-1, 6) - ord("0")
        right = digits[:, :5] % Mark.NO_OPTION == Mark.RIGHT
        task = entry.scores.tasks["nlvr"]
        assert (100 * right.mean(axis=0)).tolist() == pytest.approx(task.metrics["accuracy"].per_instruction)
        assert digits[:, 5].mean() == pytest.approx(task.robustness.consistency.value)


def test_what_others_wrote_is_data_and_nothing_else(written):
    site, _ = written(lambda row, number: EVIL)
    assert (
        read_rows(site, "answers/model/nlvr")[0][0]
        == [EVIL.replace("\u202e", "⟨U+202E⟩").replace("\u2028", "⟨U+2028⟩")] * 5
    )
    text = (site / "data" / "answers" / "model" / "nlvr-0.js").read_text(encoding="utf-8")
    assert not {"<", ">", "&", "\u2028", "\u202e"} & set(text)


def test_a_very_long_answer_is_cut_and_its_length_told(written):
    site, _ = written(lambda row, number: "é" * (LONGEST + 5))
    assert read_rows(site, "answers/model/nlvr")[0][0] == [["é" * LONGEST, LONGEST + 5]] * 5


def changed(folder):
    path = folder / "predictions" / "nlvr.jsonl"
    path.write_text(path.read_text().replace('"yes"', '"no"', 1))


def lost(folder):
    (folder / "predictions" / "nlvr.jsonl").unlink()


def doubled(folder):
    path = folder / "predictions" / "nlvr.jsonl"
    path.write_text(path.read_text() * 2)


def linked(folder):
    path = folder / "predictions" / "nlvr.jsonl"
    path.rename(folder.parent / "elsewhere.jsonl")
    path.symlink_to(folder.parent / "elsewhere.jsonl")


@pytest.mark.parametrize("spoil", [changed, lost, doubled, linked])
def test_answers_that_are_not_those_that_were_scored_are_not_shown(written, data, tmp_path, spoil):
    written()
    spoil(tmp_path / "model")
    with pytest.raises(InputError, match="have changed since they were scored") as caught:
        show(tmp_path / "model", data, tmp_path / "again")
    assert caught.value.remedy == f"mibench score {tmp_path / 'model'}"


def test_the_order_of_lines_is_no_change(written, data, tmp_path):
    written()
    path = tmp_path / "model" / "predictions" / "nlvr.jsonl"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    assert show(tmp_path / "model", data, tmp_path / "again")["nlvr"].rows == 6


def of_other_data(folder, key):
    scores = json.loads((folder / "scores.json").read_text())
    scores["digests"][key]["nlvr"] = "sha256:other"
    (folder / "scores.json").write_text(json.dumps(scores))
    about = read_description(folder)
    write_description(folder, about.model_copy(update={key: {**getattr(about, key), "nlvr": "sha256:other"}}))


@pytest.mark.parametrize("key", ["data", "cards"])
def test_answers_to_other_data_or_another_card_are_not_shown(written, data, tmp_path, key):
    written()
    of_other_data(tmp_path / "model", key)
    assert [*show(tmp_path / "model", data, tmp_path / "again")] == ["text_vqa"]


def test_without_predictions_or_data_there_are_no_answers(written, data, tmp_path):
    written()
    entry, folder = read_entry(tmp_path / "model"), tmp_path / "model"
    assert write_answers(entry, folder, Sources(cards=CARDS, data={}, instructions={}), tmp_path / "again") == {}
    (folder / "predictions").rename(tmp_path / "away")
    assert show(folder, data, tmp_path / "again") == {}
    assert not any((tmp_path / "again").iterdir())


def test_digits_are_six_for_each_row():
    found = np.array([[0, 2], [1, 2], [2, 2], [3, 7], [4, 4]], np.uint8)
    assert mark_text(found, np.array([False, True])) == "012340" + "222741"


def test_without_any_wording_there_is_nothing_that_differs():
    class Nothing:
        answers = np.zeros((5, 3), np.uint64)

    assert answers_alike(Nothing, np.full((5, 3), Mark.NOT_ASKED, np.uint8)).all()


def test_the_page_lists_who_was_asked_the_same(sample):
    site = sample / "site"
    found = read_data(site, "answers")
    models = [slug for group in found["groups"] for slug, _ in group["models"]]
    assert len(models) == len(set(models))
    for group in found["groups"]:
        for task, questions in group["tasks"].items():
            assert task in found["titles"]
            assert read_data(site, f"questions/{questions}")["task"] == task
            for slug, _ in group["models"]:
                assert read_data(site, f"answers/{slug}/{task}")["questions"] == questions
    together = next({slug for slug, _ in group["models"]} for group in found["groups"] if len(group["models"]) > 1)
    assert {"steady", "brittle"} <= together
    assert "brittle-seed" not in together
    assert "brittle-seed" in models
