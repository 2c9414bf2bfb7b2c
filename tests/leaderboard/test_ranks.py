"""Ranks and their ranges, against the plain count of who is ahead."""

from hypothesis import given
from hypothesis import strategies as st

from mibench.leaderboard.ranks import ranked
from mibench.leaderboard.sheet import Figures
from tests.leaderboard.sheets import make_sheet

# Few values, so that ties and touching intervals are common.
halves = st.integers(0, 12).map(lambda number: number / 2)
submissions = st.lists(st.tuples(halves, halves, halves, st.booleans(), st.booleans()), max_size=12)


def sheets_of(drawn):
    return [
        make_sheet(f"{place:02}", value, (value - below, value + above) if known else None, complete=complete)
        for place, (value, below, above, known, complete) in enumerate(drawn)
    ]


def aggregate(sheet):
    return sheet.columns["aggregate"].mean


def ends(sheet):
    return sheet.columns["aggregate"].ci or (aggregate(sheet), aggregate(sheet))


@given(submissions)
def test_ranks_are_those_of_counting(drawn):
    sheets = sheets_of(drawn)
    complete = [sheet for sheet in sheets if sheet.complete]
    places = ranked(sheets)
    assert sorted(place.sheet.slug for place in places) == [sheet.slug for sheet in sheets]
    for place in places[: len(complete)]:
        own, (low, high) = place.sheet, ends(place.sheet)
        assert place.rank == 1 + sum(aggregate(other) > aggregate(own) for other in complete)
        assert place.tied == (sum(aggregate(other) == aggregate(own) for other in complete) > 1)
        assert place.best == 1 + sum(ends(other)[0] > high for other in complete)
        assert place.worst == len(complete) - sum(ends(other)[1] < low for other in complete)
        assert place.best <= place.rank <= place.worst
    for place in places[len(complete) :]:
        assert not place.sheet.complete
        assert (place.rank, place.best, place.worst, place.tied) == (None, None, None, False)


@given(submissions, st.randoms(use_true_random=False))
def test_the_order_of_reading_changes_no_rank(drawn, draw):
    sheets = [sheet for sheet in sheets_of(drawn) if sheet.complete]
    mixed = draw.sample(sheets, len(sheets))
    assert ranked(mixed) == ranked(sheets)


def test_an_interval_beside_its_value_is_widened_to_it():
    """The interval of a score that was chosen may lie below it."""
    first, second = ranked([make_sheet("a", 50.0, (40.0, 45.0)), make_sheet("b", 47.0, (46.0, 48.0))])
    assert (first.sheet.slug, first.best, first.worst) == ("a", 1, 2)
    assert (second.best, second.worst) == (1, 2)


def test_a_task_ranks_by_its_own_column():
    sheets = [
        make_sheet(slug, aggregate, columns={"aggregate": Figures(mean=aggregate), "nlvr": Figures(mean=score)})
        for slug, aggregate, score in (("a", 10.0, 60.0), ("b", 20.0, 50.0), ("c", 30.0, None))
    ]
    assert [place.sheet.slug for place in ranked(sheets)] == ["c", "b", "a"]
    assert [place.sheet.slug for place in ranked(sheets, "nlvr")] == ["a", "b", "c"]
