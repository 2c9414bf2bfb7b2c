from itertools import islice

import pytest

from mibench.cards import load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance
from mibench.running.plan import Plan
from tests.builders import make_data

ROWS = 7
CARD = load_cards()["nlvr"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_data(tmp_path_factory.mktemp("data"), count=ROWS, tasks=["nlvr"])


def test_the_wordings_of_one_instance_stay_together(data):
    planned = list(Plan(data=data, limit=2).requests(CARD))
    assert [(request.instance, request.instruction) for request in planned] == [
        (f"row-{row}", number) for row in range(2) for number in range(1, 6)
    ]
    assert all(request.image.startswith(str(data.path / "nlvr" / "images")) for request in planned)


@pytest.mark.parametrize("wordings", [(1, 2, 3, 4, 5), (1, 3), (5,)])
@pytest.mark.parametrize(("limit", "rows"), [(None, ROWS), (1, 1), (3, 3), (100, ROWS)])
def test_the_plan_knows_its_length(data, limit, rows, wordings):
    plan = Plan(data=data, limit=limit, wordings=wordings)
    assert plan.count(CARD) == len(list(plan.requests(CARD))) == rows * len(wordings)


def test_some_wordings_are_asked_as_in_a_whole_run(data):
    whole = list(Plan(data=data, seed=3).requests(CARD))
    some = list(Plan(data=data, seed=3, wordings=(2, 5)).requests(CARD))
    assert some == [request for request in whole if request.instruction in (2, 5)]


def test_a_blind_plan_withholds_the_picture_and_nothing_else(data):
    seen, unseen = (list(Plan(data=data, blind=blind).requests(CARD)) for blind in (False, True))
    assert {request.image for request in unseen} == {None}
    assert [request.prompt for request in unseen] == [request.prompt for request in seen]
    assert [request.options for request in unseen] == [request.options for request in seen]


def test_the_seed_moves_the_options(data):
    one, same, other = (
        [request.options for request in Plan(data=data, seed=seed).requests(CARD)] for seed in (0, 0, 1)
    )
    assert one == same != other
    assert list(map(sorted, one)) == list(map(sorted, other))


def test_pictures_are_shown_where_there_are_any_and_the_plan_is_not_blind(tmp_path, data):
    rows = [
        Row(
            Instance(id="one", fields={"text": "It is."}, options=("yes", "no"), targets=("no",), group="one"),
            lambda: b"",
        )
    ]
    store_task(tmp_path, "nlvr", rows, world="official", source="test", reader="1")
    assert Plan(data=data).shows_pictures(CARD)
    assert not Plan(data=data, blind=True).shows_pictures(CARD)
    assert not Plan(data=DataFolder(tmp_path)).shows_pictures(CARD)


def test_instances_are_read_as_they_are_needed(data):
    read = []

    class Traced(DataFolder):
        def instances(self, task):
            for instance in super().instances(task):
                read.append(instance.id)
                yield instance

    requests = Plan(data=Traced(data.path), wordings=(1, 2)).requests(CARD)
    assert read == []
    assert len(list(islice(requests, 3))) == 3
    assert read == ["row-0", "row-1"]
