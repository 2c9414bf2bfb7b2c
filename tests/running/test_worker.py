"""What becomes of a batch when the model breaks, or memory runs out."""

import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.errors import FatalError, InputError
from mibench.instances import Failure
from mibench.running.worker import Worker
from tests.builders import request

OUT_OF_MEMORY = RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the documentation")


class Model:
    """Answers at most `room` requests at once; breaks where one of `broken` is among them, which names its errors."""

    model_name, decoding = "model", {}

    def __init__(self, room=1000, broken=()):
        self.room, self.broken, self.sizes = room, dict(broken), []

    def predict(self, requests):
        self.sizes.append(len(requests))
        for one in requests:
            if one.instance in self.broken:
                raise self.broken[one.instance]
        if len(requests) > self.room:
            raise OUT_OF_MEMORY
        return [one.answered(one.instance) for one in requests]


def batch(size):
    return [request(number) for number in range(size)]


def broken(*numbers, error=None):
    return {f"row-{number}": error or ValueError("it broke\nwith two lines") for number in numbers}


def failures(answers):
    return {number: answer.reason for number, answer in enumerate(answers) if isinstance(answer, Failure)}


def test_a_batch_that_fits_is_asked_once():
    model = Model()
    found = Worker(model).answer(batch(7))
    assert [answer.text for answer in found.answers] == [f"row-{number}" for number in range(7)]
    assert (model.sizes, found.fitted) == ([7], None)
    assert 0 <= found.seconds < 1


@given(size=st.integers(1, 40), room=st.integers(1, 40), on_error=st.sampled_from(["fail", "record"]))
def test_a_batch_is_halved_until_it_fits(size, room, on_error):
    model = Model(room)
    found = Worker(model, on_error).answer(batch(size))
    assert [answer.text for answer in found.answers] == [f"row-{number}" for number in range(size)]
    if size <= room:
        assert found.fitted is None
    else:
        assert room / 2 <= found.fitted <= room
        assert len(model.sizes) <= 4 * size / room + 1


def test_what_fitted_is_of_one_batch_alone():
    worker = Worker(Model(room=2))
    assert [worker.answer(batch(size)).fitted for size in (4, 2, 8, 1)] == [2, None, 2, None]


def test_memory_that_does_not_suffice_for_one_request_stops_the_run():
    with pytest.raises(InputError, match="memory runs out at instance 'row-0' of nlvr, instruction 1") as caught:
        Worker(Model(room=0)).answer(batch(4))
    assert caught.value.remedy == "a smaller dtype or model, or --on-error record"
    assert caught.value.__cause__ is OUT_OF_MEMORY


def test_memory_that_does_not_suffice_for_one_request_fails_it_where_errors_are_recorded():
    found = Worker(Model(broken=broken(2, error=OUT_OF_MEMORY)), "record").answer(batch(8))
    assert failures(found.answers) == {2: "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB."}


def test_an_error_stops_the_run_and_says_where():
    worker = Worker(Model(broken=broken(2)))
    with pytest.raises(InputError) as caught:
        worker.answer(batch(4))
    first = "one of 4 requests, the first of them instance 'row-0' of nlvr, instruction 1"
    assert caught.value.message == f"the model broke at {first}: ValueError: it broke"
    assert "--on-error record" in caught.value.remedy
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(InputError, match="the model broke at instance 'row-2' of nlvr, instruction 1: ValueError"):
        worker.answer([request(2)])


@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, size - 1)))))
def test_the_rows_that_cause_errors_fail_and_no_others(drawn):
    size, rows = drawn
    model = Model(broken=broken(*rows))
    found = Worker(model, "record").answer(batch(size))
    assert failures(found.answers) == dict.fromkeys(rows, "ValueError: it broke")
    assert [answer.instance for answer in found.answers] == [f"row-{number}" for number in range(size)]
    assert all(answer.text == answer.instance for number, answer in enumerate(found.answers) if number not in rows)
    assert found.fitted is None
    assert len(model.sizes) <= 1 + 2 * len(rows) * (size - 1).bit_length()


@given(rows=st.sets(st.integers(0, 15)), room=st.integers(1, 16))
def test_errors_and_a_lack_of_memory_together(rows, room):
    found = Worker(Model(room, broken(*rows)), "record").answer(batch(16))
    assert failures(found.answers).keys() == rows
    assert found.fitted is None or found.fitted <= max(room, 1)


def test_wrong_input_is_told_as_it_is():
    wrong = InputError("no readable image: it ends too early", file="images/2.png", remedy="mend the file")
    model = Model(broken=broken(2, error=wrong))
    with pytest.raises(InputError) as caught:
        Worker(model).answer(batch(4))
    assert caught.value is wrong
    assert failures(Worker(model, "record").answer(batch(4)).answers) == {
        2: "2.png: no readable image: it ends too early"
    }


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError(), "ValueError: "),
        (KeyError("beams"), "KeyError: 'beams'"),
        (ValueError("\n\n  spaced out\n more"), "ValueError: spaced out"),
        (RuntimeError("x" * 5000), f"RuntimeError: {'x' * 286}"),
        (InputError("gone"), "gone"),
    ],
)
def test_a_reason_is_one_line(error, reason):
    found = Worker(Model(broken=broken(0, error=error)), "record").answer(batch(1))
    assert failures(found.answers) == {0: reason}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_stop_is_no_error_of_the_model(stop):
    with pytest.raises(stop):
        Worker(Model(broken=broken(1, error=stop())), "record").answer(batch(4))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answers: answers[:-1],
        lambda answers: [*answers, answers[0]],
        lambda answers: answers[::-1],
        lambda answers: [request(9).answered("x")] * len(answers),
        lambda answers: [],
    ],
    ids=["one too few", "one too many", "another order", "other keys", "nothing"],
)
@pytest.mark.parametrize("on_error", ["fail", "record"])
def test_an_adapter_that_breaks_the_protocol_stops_the_run(spoil, on_error):
    class Spoilt(Model):
        def predict(self, requests):
            self.sizes.append(len(requests))
            return spoil([one.answered("x") for one in requests])

    model = Spoilt()
    with pytest.raises(FatalError, match="Spoilt did not answer its requests one by one and in order") as caught:
        Worker(model, on_error).answer(batch(4))
    assert caught.value.remedy == "return request.answered(text) for each request"
    assert model.sizes == [4]


def test_what_every_request_would_meet_stops_the_run_even_where_errors_are_recorded():
    wrong = FatalError("the key is refused", remedy="set another")
    model = Model(broken=broken(2, error=wrong))
    with pytest.raises(FatalError) as caught:
        Worker(model, "record").answer(batch(4))
    assert caught.value is wrong
    assert model.sizes == [4]


def test_an_adapter_may_answer_as_it_goes_and_say_itself_what_failed():
    class Lazy(Model):
        def predict(self, requests):
            yield requests[0].failed("the server said no")
            for one in requests[1:]:
                yield one.answered("yes")

    found = Worker(Lazy()).answer(batch(3))
    assert failures(found.answers) == {0: "the server said no"}
    assert [answer.instance for answer in found.answers] == ["row-0", "row-1", "row-2"]


def test_what_a_gpu_holds_is_given_back_before_the_halves_are_asked(monkeypatch):
    emptied, model = [], Model(room=2)
    cuda = SimpleNamespace(is_available=lambda: True, empty_cache=lambda: emptied.append(len(model.sizes)))
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    Worker(model).answer(batch(4))
    assert emptied == [1]
