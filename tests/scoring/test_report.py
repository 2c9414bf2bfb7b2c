import json

import pytest

from mibench.cards import load_cards
from mibench.errors import InputError
from mibench.scoring.report import FILE_NAME, MAX_BYTES, read_scores, write_scores
from mibench.scoring.score import score_submission
from tests.builders import make_data, make_submission, opened


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    base = tmp_path_factory.mktemp("report")
    data = make_data(base / "data")
    return score_submission(opened(make_submission(base / "submission", data), data), load_cards())


def changed(scores, **changes):
    return json.dumps(json.loads(scores.to_json()) | changes).encode()


def test_the_file_is_written_whole(tmp_path, scores):
    write_scores(tmp_path, scores)
    write_scores(tmp_path, scores)
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert (tmp_path / FILE_NAME).read_text() == scores.to_json()
    assert scores.to_json().endswith("}\n")


def test_what_is_no_report_is_refused(tmp_path, scores):
    contents = [
        b"",
        b"no",
        b"[" * 100_000,
        b'{"format": 1, "signature": "\xff"}',
        changed(scores, format=2),
        changed(scores, signature=None),
        changed(scores, tasks={"nlvr": {"n": "990"}}),
        b" " * (MAX_BYTES + 1),
    ]
    for content in contents:
        (tmp_path / FILE_NAME).write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_scores(tmp_path)
        assert caught.value.file == tmp_path / FILE_NAME


def test_a_missing_or_linked_report_is_refused(tmp_path, scores):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_scores(tmp_path)
    write_scores(tmp_path, scores)
    (tmp_path / FILE_NAME).rename(tmp_path / "elsewhere.json")
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(InputError, match="a symbolic link"):
        read_scores(tmp_path)
