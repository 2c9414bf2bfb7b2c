import json

import pytest

from mibench.cards import load_cards
from mibench.instructions.sets import InstructionSet
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.entries import read_entry
from mibench.leaderboard.sheet import make_sheet
from mibench.leaderboard.submission_data import write_lists, write_submission_data
from tests.leaderboard.data_scripts import read_data
from tests.leaderboard.sheets import make_sheet as made_up

CARDS = load_cards()


def test_the_numbers_are_those_of_the_report(sample, site):
    scores = json.loads((sample / "submissions" / "brittle" / "scores.json").read_text())
    found = read_data(site, "submissions/brittle")
    assert found["aggregate"]["mean"] == pytest.approx(scores["summary"]["aggregate"]["mean"], abs=6e-4)
    assert found["sensitivity"]["value"] == pytest.approx(scores["summary"]["sensitivity"], abs=6e-4)
    assert found["tasks"].keys() == scores["tasks"].keys() == CARDS.keys()
    for name, task in found["tasks"].items():
        known = scores["tasks"][name]
        metric = known["metrics"][task["metric"]]
        assert task["metric"] == known["primary"] == CARDS[name].primary_metric
        assert task["per_instruction"] == pytest.approx(metric["per_instruction"], abs=6e-4)
        assert task["mean"] == pytest.approx(metric["mean"], abs=6e-4)
        if interval := metric["ci"]["mean"]:
            assert task["ci"]["mean"] == pytest.approx(interval["bca"] or interval["percentile"], abs=6e-4)
        assert task["rows"] == known["n"]
        assert CARDS[name].digest.removeprefix("sha256:").startswith(task["card"])


def test_a_submission_in_parts_says_what_it_has(site):
    found = read_data(site, "submissions/talkative")
    assert len(found["tasks"]) == 3
    assert found["complete"] is False
    assert (found["parameters"], found["open_weights"]) == (500_000_000, True)


def test_the_list_is_in_the_order_of_the_tables(site):
    listed, boards = read_data(site, "submissions"), read_data(site, "boards")
    order = [board["name"] for board in boards]
    assert {entry["board"] for entry in listed} == set(order)
    assert [order.index(entry["board"]) for entry in listed] == sorted(order.index(entry["board"]) for entry in listed)
    mini = [(entry["slug"], entry["rank"]) for entry in listed if entry["board"] == "mini"]
    ranks = [rank for _, rank in mini if rank is not None]
    assert ranks == sorted(ranks)
    assert mini[-1][1] is None
    assert {board["name"] for board in boards if board["pairs"]} == {"mini"}
    assert [board["seed"] for board in boards if board["name"] == "mini-seed5"] == [5]


def test_the_wordings_are_those_that_were_asked(tmp_path):
    own = InstructionSet(name="mine", tasks={"nlvr": tuple(f"{{text}} {number}" for number in range(5))})
    asked = ("builtin", own.digest, "sha256:" + "0" * 64)
    boards = make_boards(made_up(f"model-{place}", instructions=digest) for place, digest in enumerate(asked))
    write_lists(boards, {}, CARDS, {own.digest: own}, tmp_path)
    builtin, worded, unknown = (
        read_data(tmp_path, f"wordings/{board.name}")
        for board in sorted(boards, key=lambda board: asked.index(board.instructions))
    )
    assert builtin["nlvr"]["wordings"] == [*CARDS["nlvr"].instructions]
    assert worded["nlvr"]["wordings"] == [*own.tasks["nlvr"]]
    assert worded["text_vqa"]["wordings"] == [*CARDS["text_vqa"].instructions]
    assert unknown["nlvr"]["wordings"] == []
    assert unknown["nlvr"]["title"] == CARDS["nlvr"].title


def test_what_others_wrote_is_data_and_nothing_else(tmp_path, sample):
    entry = read_entry(sample / "submissions" / "steady")
    evil = "</script><img src=x>\u202e\u2028"
    about = entry.description.model_copy(update={"name": evil, "adapter": evil})
    entry = entry._replace(description=about)
    write_submission_data(entry, make_sheet(entry, CARDS, {}), tmp_path)
    text = (tmp_path / "data" / "submissions" / "steady.js").read_text()
    assert not {"<", ">", "&", "\u202e", "\u2028"} & {*text}
    assert read_data(tmp_path, "submissions/steady")["name"] == "</script><img src=x>⟨U+202E⟩⟨U+2028⟩"
