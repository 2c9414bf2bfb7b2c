from mibench.leaderboard.ranks import ranked
from mibench.leaderboard.verdicts import find_best, find_calmest
from tests.leaderboard.sheets import make_sheet


def slugs(sheets):
    return [sheet.slug for sheet in sheets]


def test_first_place_is_clear_where_no_interval_reaches_it():
    best = find_best(ranked([make_sheet("a", 50, (48, 52)), make_sheet("b", 45, (43, 47)), make_sheet("c", 44)]))
    assert (slugs(best.first), slugs(best.contenders), best.ranked, best.known) == (["a"], ["a"], 3, True)


def test_first_place_is_shared_by_those_that_overlap_with_it():
    sheets = [make_sheet("a", 50, (48, 52)), make_sheet("b", 47, (45, 48)), make_sheet("c", 44, (42, 47.5))]
    best = find_best(ranked(sheets))
    assert (slugs(best.first), slugs(best.contenders)) == (["a"], ["a", "b"])


def test_equal_scores_without_intervals_are_both_first():
    best = find_best(ranked([make_sheet("b", 50), make_sheet("a", 50), make_sheet("c", 10)]))
    assert (slugs(best.first), slugs(best.contenders), best.known) == (["a", "b"], ["a", "b"], False)


def test_nobody_is_best_where_nobody_is_complete():
    assert find_best([]) is None
    assert find_best(ranked([make_sheet("a", 90, complete=False)])) is None


def test_the_least_sensitive_may_only_guess():
    sheets = [
        make_sheet("guesser", 20, sensitivity=1.0, chance=(4, 6)),
        make_sheet("able", 60, sensitivity=8.0, chance=(3, 6)),
        make_sheet("restless", 70, sensitivity=30.0),
        make_sheet("undefined", 80),
        make_sheet("short", 90, sensitivity=0.5, complete=False),
    ]
    calmest = find_calmest(ranked(sheets))
    assert slugs(calmest.first) == ["guesser"]
    assert calmest.first[0].guesses
    assert (calmest.able.slug, calmest.defined) == ("able", 3)


def test_equal_sensitivities_are_told_together():
    calmest = find_calmest(ranked([make_sheet("b", 10, sensitivity=5.0), make_sheet("a", 20, sensitivity=5.0)]))
    assert slugs(calmest.first) == ["a", "b"]


def test_there_may_be_no_sensitivity_at_all_and_nobody_who_is_able():
    assert find_calmest(ranked([make_sheet("a", 10)])) is None
    assert find_calmest(ranked([make_sheet("a", 10, sensitivity=5.0, chance=(6, 6))])).able is None
