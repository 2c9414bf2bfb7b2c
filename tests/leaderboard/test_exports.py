import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.cards import load_cards
from mibench.leaderboard.boards import make_boards
from mibench.leaderboard.exports import CSV, FORMULA, JSON, SCHEMA, Export, make_csv, make_export, schema
from mibench.leaderboard.published import load_published
from tests.leaderboard.sheets import make_sheet

CARDS = load_cards()


@pytest.fixture(scope="module")
def exported(site):
    return json.loads((site / JSON).read_text(encoding="utf-8"))


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_it_is_what_the_types_say(site):
    found = msgspec.json.decode((site / JSON).read_bytes(), type=Export)
    assert found.format == 1
    assert [*found.tasks] == [*CARDS]


def test_it_is_valid_by_the_schema_beside_it(site, exported):
    jsonschema = pytest.importorskip("jsonschema", reason="the schema is checked by jsonschema, which is not installed")
    known = json.loads((site / SCHEMA).read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(known)
    validator.check_schema(known)
    assert [*validator(known).iter_errors(exported)] == []
    spoilt = {**exported, "format": 2}
    assert [*validator(known).iter_errors(spoilt)] != []


def test_every_number_is_described():
    parts = schema()["$defs"]
    assert all(part["description"] for part in parts.values())
    assert not any("\n" in part["description"] for part in parts.values())


def test_the_numbers_are_those_of_the_report(sample, exported):
    for board in exported["boards"]:
        for row in board["submissions"]:
            scores = json.loads((sample / "submissions" / row["slug"] / "scores.json").read_text())
            summary = scores["summary"]
            assert row["aggregate"]["mean"] == pytest.approx(summary["aggregate"]["mean"], abs=1e-6)
            assert row["aggregate"]["max"] == pytest.approx(summary["aggregate"]["max"], abs=1e-6)
            assert row["sensitivity"]["value"] == (
                None if summary["sensitivity"] is None else pytest.approx(summary["sensitivity"], abs=1e-6)
            )
            assert row["signature"] == scores["signature"]
            assert row["tasks"].keys() == scores["tasks"].keys()


def test_ranks_stand_with_their_ranges(exported):
    [mini] = [board for board in exported["boards"] if board["name"] == "mini"]
    ranked = [row for row in mini["submissions"] if row["rank"] is not None]
    assert [row["rank"] for row in ranked] == sorted(row["rank"] for row in ranked)
    assert all(row["rank_best"] <= row["rank"] <= row["rank_worst"] for row in ranked)
    assert {row["slug"] for row in ranked if row["tied"]} == {"steady", "steady-again"}
    assert {row["rank"] for row in mini["submissions"] if not row["complete"]} == {None}


def test_published_models_stand_apart_without_ranks(exported):
    models = load_published().models
    assert [row["name"] for row in exported["published"]] == [*models]
    assert all("rank" not in row for row in exported["published"])
    [instruct] = [row for row in exported["published"] if row["title"] == "OFA MultiInstruct"]
    assert (round(instruct["aggregate"], 2), round(instruct["aggregate_max"], 2)) == (45.29, 51.01)
    shown = {row["slug"] for board in exported["boards"] for row in board["submissions"]}
    assert not shown & {*models}


def test_the_table_has_one_line_for_each_submission_and_table(site, exported):
    lines = rows((site / CSV).read_text(encoding="utf-8"))
    expected = [(board["name"], row["slug"]) for board in exported["boards"] for row in board["submissions"]]
    assert [(line["board"], line["slug"]) for line in lines] == expected
    [steady] = [line for line in lines if (line["board"], line["slug"]) == ("mini", "steady")]
    assert (steady["complete"], steady["open_weights"], steady["parameters"]) == ("true", "true", "7000000000")
    assert float(steady["aggregate_low"]) < float(steady["aggregate"]) < float(steady["aggregate_high"])
    [one] = [line for line in lines if line["slug"] == "one-task"]
    assert (one["rank"], one["text_vqa_mean"]) == ("", "")
    assert float(one["nlvr_mean"]) > 0


def test_the_order_of_submissions_changes_nothing():
    sheets = [make_sheet(f"model-{number}", float(number % 3)) for number in range(7)]
    assert make_export(make_boards(sheets), CARDS) == make_export(make_boards(sheets[::-1]), CARDS)


@given(st.text(min_size=1))
def test_no_cell_is_a_formula(name):
    found = make_export(make_boards([make_sheet("model", name=name, adapter=name)]), CARDS)
    [line] = rows(make_csv(found))
    for key in ("name", "adapter"):
        assert not FORMULA.match(line[key])
        assert line[key].removeprefix("'") == found.boards[0].submissions[0].name.removeprefix("'")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "|calc", "%0A", "\t=1", "  =1", "＝1+1"])
def test_what_looks_like_a_formula_becomes_text(name):
    [line] = rows(make_csv(make_export(make_boards([make_sheet("model", name=name)]), CARDS)))
    assert line["name"] == f"'{name}"
