"""Reading the data of a site's pages as the pages do."""

import json

BEGIN, END = "mibench.take(...", ");\n"


def read_data(site, key):
    """Return the value of a data script."""
    text = (site / "data" / f"{key}.js").read_text(encoding="utf-8")
    assert text.startswith(BEGIN)
    assert text.endswith(END)
    found, value = json.loads(text.removeprefix(BEGIN).removesuffix(END))
    assert found == key
    return value


def read_rows(site, key):
    """Return all rows of a set of questions or answers, in order."""
    starts = read_data(site, key)["starts"]
    rows = []
    for number, start in enumerate(starts):
        assert len(rows) == start
        rows += read_data(site, f"{key}-{number}")
    return rows
