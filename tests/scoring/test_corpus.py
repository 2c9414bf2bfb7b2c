"""Metrics of a whole corpus: how they reach a report."""

import json
from textwrap import dedent

import pytest

from mibench.cards import load_cards
from mibench.metrics import caption
from mibench.scoring import corpus
from mibench.scoring.corpus import NOTE
from mibench.scoring.rows import read_rows
from mibench.scoring.score import score_submission
from mibench.submissions.description import Model, write_description
from mibench.submissions.reading import Submission
from mibench.submissions.writing import describe
from tests.builders import answers, make_data, make_submission, opened, write_lines

SCRIPT = """
    import datasets, evaluate

    class Share(evaluate.Metric):
        def _info(self):
            text = datasets.Value("string")
            features = datasets.Features(predictions=text, references=datasets.Sequence(text))
            return evaluate.MetricInfo(description="", citation="", features=features)

        def _compute(self, predictions, references):
            return {"share": sum(p in r for p, r in zip(predictions, references)) / len(predictions)}
"""


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "data")


def half_right(row, number):
    return row.targets[0] if number % 2 else "no idea"


def test_a_metric_on_disk_is_named_on_a_card(tmp_path, data):
    script = tmp_path / "share.py"
    script.write_text(dedent(SCRIPT), encoding="utf-8")
    card = load_cards()["text_vqa"]
    card = card.model_copy(update={"metrics": (*card.metrics, f"evaluate:{script}")})
    folder = tmp_path / "submission"
    folder.mkdir()
    description = describe("Test", Model(name="test"), [card], data)
    write_description(folder, description)
    write_lines(folder / "predictions" / "text_vqa.jsonl", answers(data, "text_vqa", half_right))
    cards = {**load_cards(), "text_vqa": card}
    scores = score_submission(Submission(folder, description, cards, data), cards)
    found = scores.tasks["text_vqa"].metrics[f"evaluate:{script}"]
    assert found.per_instruction == [100, 0, 100, 0, 100]
    assert (found.mean, found.max, found.ci, found.notes) == (60, 100, None, [NOTE])
    assert scores.digests.metrics[f"evaluate:{script}"].startswith("evaluate+sha256:")
    assert "settings:evaluate+sha256:" in found.signature


@pytest.fixture
def no_java(monkeypatch):
    """Captioning metrics that count words, so that no Java is started; remembers what they were asked."""
    asked = []

    def scores(corpora):
        asked.append(corpora)
        return [dict.fromkeys(caption.CAPTION, sum(len(h.split()) for h in c.hypotheses) / 100) for c in corpora]

    monkeypatch.setattr(corpus, "caption_scores", scores)
    return asked


def test_captions_are_scored_in_one_go_for_free_text_alone(tmp_path, data, no_java):
    folder = make_submission(tmp_path / "submission", data, half_right)
    scores = score_submission(opened(folder, data), load_cards(), captions=True)
    assert len(no_java) == 1
    assert [len(found.hypotheses) for found in no_java[0]] == [6] * 5
    assert no_java[0][0].references[2] == ("north gate 2", "the north gate")
    assert no_java[0][1].hypotheses == ["no idea"] * 6
    found = scores.tasks["text_vqa"].metrics["cider"]
    assert found.per_instruction == [18, 12, 18, 12, 18]
    assert found.notes == [NOTE]
    assert "cider" not in scores.tasks["nlvr"].metrics
    assert "pycocoevalcap" in scores.digests.metrics["cider"]
    plain = score_submission(opened(folder, data), load_cards())
    assert plain.summary == scores.summary


def test_a_wording_that_was_not_asked_has_no_caption_score(tmp_path, data, no_java):
    folder = make_submission(tmp_path / "submission", data, half_right)
    file = folder / "predictions" / "text_vqa.jsonl"
    write_lines(file, [row for row in map(json.loads, file.read_text().splitlines()) if row["instruction"] != 2])
    found = score_submission(opened(folder, data), load_cards(), captions=True).tasks["text_vqa"].metrics["meteor"]
    assert found.per_instruction == [18, None, 18, 12, 18]
    assert found.mean is None


def test_answers_are_kept_only_where_they_are_asked_for(tmp_path, data):
    submission = opened(make_submission(tmp_path / "submission", data, half_right), data)
    card = load_cards()["text_vqa"]
    assert read_rows(submission, card).texts == []
    submission = opened(submission.folder, data)
    assert read_rows(submission, card, keep_texts=True).texts[0][3] == "north gate 3"
