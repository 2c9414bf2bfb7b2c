from mibench.scoring.comparison import Difference
from mibench.scoring.report import Interval
from mibench.scoring.verdict import verdict


def difference(value, p=None, p_holm=None):
    return Difference(value=value, ci=Interval(percentile=(value - 1, value + 1), bca=None), p=p, p_holm=p_holm)


def test_a_verdict_names_the_better_and_how_sure_that_is():
    tasks = [difference(5, 0.001, 0.002), difference(-3, 0.001, 0.002), difference(9, 0.04, 0.06), difference(1)]
    assert verdict("a", "b", difference(3.21, 0.0001), difference(-2.5), tasks) == (
        "The aggregate of a is higher than that of b by 3.21 (95 % interval 2.21 to 4.21, p = 0.0001). "
        "After Holm's correction a is better on 1, worse on 1 and not told apart on 2 of 4 tasks. "
        "The Sensitivity of a is lower, and so better, than that of b by 2.50 "
        "(95 % interval -3.50 to -1.50)."
    )


def test_no_difference_is_said_as_none():
    text = verdict("a", "b", difference(-0.4, 0.2), Difference(value=None, reason="undefined"), [])
    assert text.startswith("In aggregate the two are not told apart: a minus b is -0.40 (95 % interval -1.40 to 0.60, ")
    assert text.endswith("The difference in Sensitivity cannot be told: undefined.")


def test_worse_is_said_as_worse():
    text = verdict("a", "b", difference(-4, 0.01), difference(4), [])
    assert "The aggregate of a is lower than that of b by 4.00" in text
    assert "The Sensitivity of a is higher, and so worse, than that of b by 4.00" in text


def test_an_interval_that_holds_0_tells_no_sensitivities_apart():
    text = verdict("a", "b", difference(-4, 0.01), difference(0.5), [])
    assert text.endswith("In Sensitivity the two are not told apart: a minus b is 0.50 (95 % interval -0.50 to 1.50).")


def test_without_interval_and_p_value_nothing_is_told():
    text = verdict("a", "b", difference(-4, 0.01), Difference(value=-12.5, reason="mostly undefined"), [])
    assert "Whether the two differ in Sensitivity cannot be told without an interval: a minus b is -12.50." in text
    assert "not told apart:" not in text
