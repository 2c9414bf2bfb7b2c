import re

from hypothesis import given
from hypothesis import strategies as st

from mibench.leaderboard.charts import interval_bar


@given(st.tuples(st.floats(-10, 120), st.floats(-10, 120)).map(sorted))
def test_a_bar_lies_where_its_interval_does(bounds):
    low, width = map(float, re.fullmatch(r"M([\d.]+) 3h([\d.]+)", interval_bar(bounds)).groups())
    assert abs(low - min(max(bounds[0], 0), 100)) <= 0.0501
    assert abs(low + width - min(max(bounds[1], 0), 100)) <= 0.2
    assert width > 0


def test_no_interval_no_bar():
    assert interval_bar(None) == ""
