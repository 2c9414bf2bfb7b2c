from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mibench.transient import LONGEST_PAUSE, read_pause


@pytest.mark.parametrize(
    ("header", "expected"),
    [("0", 0), ("7", 7), (" 1.5 ", 1.5), ("-3", 0), ("100000", LONGEST_PAUSE)]
    + [(header, None) for header in ("", "soon", "inf", "nan", "1e999", "Wed, 99 Oct 2015", "9" * 5000)],
)
def test_seconds_of_a_header(header, expected):
    assert read_pause(header) == expected


@pytest.mark.parametrize(("later", "least", "most"), [(-9, 0, 0), (20, 18, 20), (9999, LONGEST_PAUSE, LONGEST_PAUSE)])
@pytest.mark.parametrize("usegmt", [True, False])
def test_dates_of_a_header(later, least, most, usegmt):
    header = format_datetime(datetime.now(UTC) + timedelta(seconds=later), usegmt=usegmt)
    assert least <= read_pause(header) <= most
