from hypothesis import given
from hypothesis import strategies as st

from mibench.metrics.accuracy import normalise
from mibench.metrics.remember import LONGEST_REMEMBERED, remembered


@given(st.text(max_size=2 * LONGEST_REMEMBERED))
def test_remembering_changes_nothing(text):
    assert normalise(text) == normalise.__wrapped__(text)


def test_only_short_texts_are_remembered():
    asked = []
    size = remembered(lambda text: asked.append(text) or len(text))
    short, long = "x" * LONGEST_REMEMBERED, "x" * (LONGEST_REMEMBERED + 1)
    assert [size(text) for text in (short, long, short, long)] == [200, 201, 200, 201]
    assert asked == [short, long, long]
