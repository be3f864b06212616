"""sluice.Buffer against a model of its semantics in plain Python, and what it owes to the program around it."""

import gc
import logging
import random
import sys
import threading
import time
from types import SimpleNamespace

import numpy
import pytest

from sluice import Buffer

NEVER = 3600.0


class Model:
    """The semantics, in as few lines as they take. Time is 0 (exceeded when asked again) or NEVER."""

    def __init__(self, count, time_threshold, controllers, conjugate):
        self.count, self.time, self.controllers, self.conjugate = count, time_threshold, controllers, conjugate
        self.stored, self.asked, self.flush, self.resets = [], 0, False, 0

    def rules(self):
        for controller in self.controllers:
            yield lambda: controller(self.stored)
        if self.count is not None:
            yield lambda: len(self.stored) > self.count
        if self.time is not None:
            yield self.is_late

    def is_late(self):
        self.asked += 1
        return self.asked > 1 and self.time == 0

    def decide(self):
        if self.flush:
            return True
        for rule in self.rules():
            try:
                answer = rule()
            except ArithmeticError:
                continue
            if bool(answer) is not self.conjugate:
                return not self.conjugate
        return self.conjugate

    def __call__(self, records):
        self.stored += records
        return self.reset() if (not self.flush or self.stored) and self.decide() and self.stored else []

    def reset(self):
        released, self.stored, self.asked, self.flush = self.stored, [], 0, False
        self.resets += 1
        return released


def test_more_than_the_count_releases():
    buffer = Buffer(count_threshold=10)
    assert buffer([1, 2, 3, 4]) == []
    assert buffer([5, 6, 7, 8]) == []
    assert buffer([9, 10]) == []
    assert len(buffer) == 10
    assert buffer([11]) == list(range(1, 12))
    assert len(buffer) == 0
    assert Buffer(count_threshold=0)(["a"]) == ["a"]


def test_a_controller_sees_what_is_stored():
    def big_value(records):
        for record in records:
            if record.payload.value > 10000:
                return True
        return False

    def record(value):
        return SimpleNamespace(payload=SimpleNamespace(value=value))

    buffer = Buffer(custom_controllers=big_value)
    small, large = record(1), record(10001)
    assert buffer([small]) == []
    assert buffer([large]) == [small, large]


def test_the_time_counts_from_when_it_was_first_asked():
    buffer = Buffer(time_threshold=0.05)
    time.sleep(0.06)
    assert buffer.due_in() is None
    assert buffer(["a"]) == []  # asked for the first time
    assert 0 <= buffer.due_in() <= 0.05
    assert buffer.time_controller([]) is False or buffer.due_in() == 0
    time.sleep(0.06)
    assert buffer.due_in() == 0
    assert buffer.time_controller([])
    assert buffer([]) == ["a"]
    assert buffer.due_in() is None
    assert buffer(["b"]) == []  # begins anew

    both = Buffer(count_threshold=1, time_threshold=0, conjugate_controllers=True)
    assert both(["a"]) == []
    assert both.due_in() is None  # the count settled it
    assert both(["b"]) == []
    assert both.due_in() is not None
    assert both([]) == ["a", "b"]


def test_a_time_that_is_over_while_nothing_is_stored_releases_the_next_record():
    buffer = Buffer(time_threshold=0)
    assert buffer([]) == []
    assert buffer([]) == []
    assert buffer(["a"]) == ["a"]


def test_without_controllers_any_never_releases_and_all_does_at_once():
    resets = []
    assert Buffer()(range(1000)) == []
    buffer = Buffer(conjugate_controllers=True, on_reset=lambda: resets.append(1))
    assert buffer([]) == []
    assert resets == []
    assert buffer([1]) == [1]
    assert resets == [1]


@pytest.mark.parametrize("conjugate", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_random_operations_agree_with_the_model(seed, conjugate, caplog):
    caplog.set_level(logging.CRITICAL, logger="sluice")
    chance = random.Random(seed)
    asked = {"model": [], "buffer": []}
    answers = []

    def controller(number, who):
        def decide(records):
            asked[who].append((number, len(records), list(records)))
            answer = answers[number]
            if answer is None:
                raise ZeroDivisionError
            return answer

        return decide

    customs = chance.randrange(4)
    count, late = chance.choice([None, 0, 3, 20]), chance.choice([None, 0, NEVER])
    resets = []
    model = Model(count, late, [controller(i, "model") for i in range(customs)], conjugate)
    buffer = Buffer(
        count, late, [controller(i, "buffer") for i in range(customs)], lambda: resets.append(1), conjugate
    )
    kinds = [lambda i: i, lambda i: b"%d" % i, lambda i: f"{i}", lambda i: (i,)]
    for step in range(300):
        answers[:] = [chance.choice([0, 0, 1, [], "yes", None]) for _ in range(customs)]
        what = chance.randrange(20)
        if what == 0:
            model.flush = buffer.flush = chance.choice([True, False])
        elif what == 1:
            model.reset()
            buffer.reset()
        elif what == 2:
            model.count = buffer.count_threshold = chance.choice([None, 0, 2, 30])
        elif what == 3:
            assert buffer.records == model.stored
        else:
            records = [chance.choice(kinds)(step) for _ in range(chance.choice([0, 1, 1, 2, 7]))]
            wrapped = chance.choice([list, tuple, iter])(records)
            assert buffer(wrapped) == model(records)
        assert len(buffer) == len(model.stored)
        assert buffer.flush == model.flush
        assert len(resets) == model.resets
        assert asked["buffer"] == asked["model"]
    assert buffer.close() == model.stored


def test_the_order_of_the_controllers():
    def first(records):
        return False

    def second(records):
        return False

    buffer = Buffer(5, 60, [first, second])
    controllers = buffer.get_controllers()
    assert controllers == [first, second, buffer.count_controller, buffer.time_controller]
    assert [controller(range(6)) for controller in controllers[:3]] == [False, False, True]
    buffer.count_threshold = None
    assert buffer.get_controllers() == [first, second, buffer.time_controller]
    assert Buffer(custom_controllers=first).get_controllers() == [first]
    assert Buffer().get_controllers() == []


def test_flush_releases_at_the_next_call_with_records():
    def never(records):
        raise AssertionError("asked")

    buffer = Buffer(custom_controllers=never)
    buffer.flush = True
    assert buffer([]) == []
    assert buffer.flush
    assert buffer(["a"]) == ["a"]
    assert not buffer.flush


def test_a_controller_that_raises_is_logged_and_skipped(caplog):
    def broken(records):
        raise ValueError("out of range")

    class Neither:
        def __bool__(self):
            raise KeyError("no answer")

    assert Buffer(custom_controllers=[broken, lambda records: True])(["a"]) == ["a"]
    assert "out of range" in caplog.text
    assert "Traceback" in caplog.text
    assert "broken" in caplog.text
    caplog.clear()
    buffer = Buffer(custom_controllers=[broken, lambda records: Neither()], conjugate_controllers=True)
    assert buffer(["a"]) == ["a"]
    assert "no answer" in caplog.text
    assert all(record.name == "sluice" for record in caplog.records)


@pytest.mark.parametrize("conjugate", [False, True])
def test_ctrl_c_in_a_controller_ends_the_call_and_keeps_the_records(conjugate):
    asked = []

    def stop(records):
        if not asked:
            asked.append(1)
            raise KeyboardInterrupt

    def later(records):
        asked.append(2)
        return False

    buffer = Buffer(custom_controllers=[stop, later], conjugate_controllers=conjugate)
    with pytest.raises(KeyboardInterrupt):
        buffer(["a"])
    assert asked == [1]
    assert buffer(["b"]) == []
    assert buffer.close() == ["a", "b"]


def test_on_reset_may_use_the_buffer_and_may_fail(caplog):
    def hook():
        assert len(buffer) == 0
        if not seen:
            seen.append(buffer(["from the hook"]))

    seen = []
    buffer = Buffer(count_threshold=1, on_reset=hook)
    assert buffer([1, 2]) == [1, 2]
    assert seen == [[]]
    assert buffer([3]) == ["from the hook", 3]

    buffer = Buffer(count_threshold=1, on_reset=lambda: 1 / 0)
    assert buffer([1, 2]) == [1, 2]
    assert "ZeroDivisionError" in caplog.text
    buffer.reset()


@pytest.mark.parametrize("records", [[1, b"2"], numpy.arange(2)], ids=["list", "array"])
def test_ctrl_c_in_on_reset_loses_nothing(records):
    def stop():
        buffer.on_reset = None
        raise KeyboardInterrupt

    buffer = Buffer(count_threshold=1, on_reset=stop)
    with pytest.raises(KeyboardInterrupt):
        buffer(records)
    assert len(buffer) == 2
    assert list(buffer([])) == list(records)


def test_a_controller_cannot_call_the_buffer_that_asks_it(caplog):
    def greedy(records):
        assert len(buffer) == len(buffer.records) == 1
        return buffer(["more"])

    buffer = Buffer(custom_controllers=greedy)
    assert buffer(["a"]) == []
    assert "a controller cannot call the buffer that asks it" in caplog.text
    assert buffer.close() == ["a"]


def test_what_controllers_do_to_their_list_changes_nothing_stored():
    def spoil(records):
        records[:] = ["forged"] * len(records)
        records.pop()

    def reverse(records):
        records.reverse()

    kept = []
    for controllers in ([spoil, kept.append], [spoil, spoil], [reverse]):
        buffer = Buffer(3, custom_controllers=controllers)
        assert [buffer([i]) for i in range(4)] == [[], [], [], [0, 1, 2, 3]]
    assert kept == [[0], [0, 1], [0, 1, 2], [0, 1, 2, 3]]


def test_many_records_keep_their_order():
    buffer = Buffer(count_threshold=299_999)
    records = [i if i % 3 else b"%d" % i for i in range(300_000)]
    for start in range(0, 299_000, 1000):
        assert buffer(records[start : start + 1000]) == []
    assert buffer(records[299_000:]) == records
    assert buffer(records) == records


# ---- arrays ----


@pytest.mark.parametrize(
    "array",
    [
        numpy.arange(6, dtype=">u2"),
        numpy.arange(12.0).reshape(6, 2),
        numpy.arange(12)[::2],
        numpy.zeros(6, [("pin", "u1"), ("time", "<f8")]),
        numpy.array(["2026-01-01"] * 6, "datetime64[s]"),
        numpy.array([True, False] * 3),
    ],
    ids=["big-endian", "rows", "strided", "records", "times", "flags"],
)
def test_arrays_are_released_as_one(array):
    buffer = Buffer(count_threshold=8)
    nothing = buffer(array)
    assert len(nothing) == 0
    assert nothing.dtype == array.dtype
    released = buffer(array)
    assert released.dtype == array.dtype
    assert released.shape == (12, *array.shape[1:])
    numpy.testing.assert_array_equal(released, numpy.concatenate([array, array]))
    released[0] = released[1]  # it is the caller's
    assert len(buffer) == 0
    assert len(buffer([])) == 0


def test_bytes_like_objects_are_arrays_of_their_items():
    buffer = Buffer(count_threshold=3)
    buffer(b"ab")
    assert buffer(bytearray(b"cd")).tolist() == [97, 98, 99, 100]
    assert Buffer(count_threshold=0)(numpy.array([{}, []], object)) == [{}, []]


def test_kinds_do_not_mix_while_something_is_stored():
    buffer = Buffer()
    buffer([1])
    with pytest.raises(TypeError, match="stores a list of records"):
        buffer(numpy.arange(3))
    assert buffer.close() == [1]
    buffer = Buffer()
    buffer(numpy.arange(3))
    with pytest.raises(TypeError, match="stores the items of arrays"):
        buffer([1])
    with pytest.raises(TypeError, match="items of float64"):
        buffer(numpy.arange(3.0))
    assert len(buffer([])) == 0
    assert buffer.records.tolist() == [0, 1, 2]
    buffer.reset()
    assert buffer([1]) == []
    for wrong in (numpy.float64(1), numpy.zeros((3, 0)), numpy.zeros(2, [("o", object), ("n", int)])):
        with pytest.raises(TypeError):
            Buffer()(wrong)


def test_controllers_see_a_read_only_array_that_stays_what_it_is():
    kept = []

    def watch(records):
        with pytest.raises(ValueError, match="read-only"):
            records[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            records.setflags(write=True)
        kept.append(records)
        return len(records) > 5000

    buffer = Buffer(custom_controllers=watch)
    released = []
    for start in range(0, 9000, 1000):
        released.extend(buffer(numpy.arange(start, start + 1000)))
        released[-1:] = released[-1:]
    assert released == list(range(6000))
    del buffer
    gc.collect()
    for number, records in enumerate(kept[:6]):
        numpy.testing.assert_array_equal(records, numpy.arange((number + 1) * 1000))

    buffer = Buffer(1, custom_controllers=lambda records: kept.append(records))
    array = buffer(numpy.arange(2))
    array[:] = 7  # the caller's own
    assert kept[-1].tolist() == [0, 1]


# ---- references ----


class Counted:
    alive = 0

    def __init__(self):
        Counted.alive += 1

    def __del__(self):
        Counted.alive -= 1


def test_references_are_counted_exactly():
    one = object()
    before = sys.getrefcount(one)
    for controllers in (None, lambda records: False):
        buffer = Buffer(count_threshold=10_000, custom_controllers=controllers)
        buffer([one] * 10_000)
        seen = 10_000 if controllers else 0
        assert sys.getrefcount(one) == before + 10_000 + seen
        released = buffer([one])
        assert sys.getrefcount(one) == before + 10_001
        del released
        assert sys.getrefcount(one) == before
        buffer([one] * 100)
        buffer.reset()
        assert sys.getrefcount(one) == before
        buffer([one] * 100)
        assert len(buffer.close()) == 100
        assert sys.getrefcount(one) == before


def test_references_survive_every_exception():
    one, many = object(), [object() for _ in range(10)]
    before = [sys.getrefcount(each) for each in (one, *many)]

    def broken():
        yield one
        raise ValueError

    def stop(records):
        raise KeyboardInterrupt

    for attempt in range(20):
        buffer = Buffer(count_threshold=5, custom_controllers=stop if attempt % 2 else None)
        with pytest.raises(ValueError):
            buffer(broken())
        with pytest.raises(TypeError):
            buffer(one)
        with pytest.raises(TypeError):
            buffer([one], 1)
        assert len(buffer) == 0
        if attempt % 2:
            with pytest.raises(KeyboardInterrupt):
                buffer([one, *many])
            assert buffer.close() == [one, *many]
        else:
            assert buffer([one, *many]) == [one, *many]
    del buffer
    assert [sys.getrefcount(each) for each in (one, *many)] == before


def test_objects_go_with_the_buffer(caplog):
    buffer = Buffer()
    buffer([Counted() for _ in range(20_000)])
    assert Counted.alive == 20_000
    del buffer
    assert Counted.alive == 0
    assert "20000 records that were never released" in caplog.text


def test_a_cycle_through_the_buffer_is_collected(caplog):
    class Holder(Counted):
        pass

    for controllers in (None, [lambda records: False]):
        holder = Holder()
        holder.buffer = Buffer(custom_controllers=controllers)
        holder.buffer([holder, b"x", holder] * 50_000)  # several segments
        del holder
        gc.collect()
        assert Counted.alive == 0
        buffer = Buffer()
        buffer([buffer])
        del buffer
        gc.collect()


def test_the_collector_leaves_what_is_stored_alone():
    buffer = Buffer(custom_controllers=lambda records: gc.collect() and False)
    for number in range(50):
        buffer([[number], {number: number}])
        gc.collect()
    assert buffer.close() == [each for number in range(50) for each in ([number], {number: number})]


# ---- its end ----


def test_what_is_left_at_the_end(caplog):
    left = []
    with Buffer(on_close=left.append) as buffer:
        buffer([1, 2])
    assert left == [[1, 2]]
    assert buffer.closed
    assert buffer.close() == []
    with Buffer() as buffer:
        buffer([1, 2])
        assert buffer.close() == [1, 2]
    assert caplog.text == ""
    with Buffer() as buffer:
        buffer([1, 2])
    assert "2 records that were never released" in caplog.text
    buffer = Buffer(on_close=left.append)
    buffer(numpy.arange(3))
    del buffer
    assert left[1].tolist() == [0, 1, 2]
    caplog.clear()
    with Buffer(on_close=lambda rest: 1 / 0) as buffer:
        buffer([1])
    assert "on_close failed, 1 record of a Buffer is lost" in caplog.text
    for use in (lambda: buffer([1]), buffer.reset, buffer.due_in, lambda: buffer.records):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert "closed" in repr(buffer)


def test_what_is_stored_at_the_exit_of_the_interpreter_is_handed_over(script):
    done = script(
        """
        import sluice, numpy
        kept = []
        told = sluice.Buffer(on_close=lambda rest: print("rest", rest), custom_controllers=kept.append)
        told([1, b"2"])
        array = sluice.Buffer(custom_controllers=kept.append)
        array(numpy.arange(3))
        lost = sluice.Buffer()
        lost([1, 2, 3])
        class Late:
            def __del__(self): print(kept[-1].tolist())
        late = Late()
        """
    )
    assert "rest [1, b'2']" in done.stdout
    assert "[0, 1, 2]" in done.stdout
    assert "3 records that were never released" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_forked_child_gets_an_error_and_harms_nobody(script):
    done = script(
        """
        import gc, os, sys, sluice
        buffer = sluice.Buffer(custom_controllers=lambda records: False)
        buffer([[i] for i in range(1000)])
        child = os.fork()
        if child == 0:
            try:
                buffer([1])
            except RuntimeError as error:
                print("child:", error, flush=True)
            gc.collect()
            del buffer
            gc.collect()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        gc.collect()
        assert buffer.close() == [[i] for i in range(1000)]
        """
    )
    assert "child: the engine does not run in a forked child" in done.stdout


@pytest.mark.parametrize("kind", ["objects", "arrays"])
def test_threads_share_a_buffer(kind):
    released, lock = [], threading.Lock()

    def watch(records):
        return len(records) > 700

    buffer = Buffer(500, custom_controllers=watch)

    def work(number):
        for i in range(1000):
            records = [(number, i)] if kind == "objects" else numpy.array([[number, i]])
            out = buffer(records)
            if len(out):
                with lock:
                    released.extend(map(tuple, out))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    released.extend(map(tuple, buffer.close()))
    assert sorted(released) == [(number, i) for number in range(4) for i in range(1000)]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"count_threshold": -1}, ValueError, "count_threshold is -1"),
        ({"count_threshold": 1.5}, TypeError, "count_threshold must be an int"),
        ({"time_threshold": -0.5}, ValueError, "time_threshold is -0.5"),
        ({"time_threshold": float("nan")}, ValueError, "time_threshold is nan"),
        ({"time_threshold": "soon"}, TypeError, "real number"),
        ({"custom_controllers": 5}, TypeError, "custom_controllers must be"),
        ({"custom_controllers": [len, 5]}, TypeError, r"custom_controllers\[1\] is 5"),
        ({"on_reset": 5}, TypeError, "on_reset must be callable"),
        ({"on_close": 5}, TypeError, "on_close must be callable"),
        ({"threshold": 5}, TypeError, "threshold"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, text):
    with pytest.raises(error, match=text):
        Buffer(**arguments)


def test_attributes():
    buffer = Buffer(5, 1.5)
    assert (buffer.count_threshold, buffer.time_threshold, buffer.on_reset) == (5, 1.5, None)
    assert (buffer.custom_controllers, buffer.conjugate_controllers) == ((), False)
    with pytest.raises(ValueError, match="count_threshold"):
        buffer.count_threshold = -1
    with pytest.raises(AttributeError, match="flush"):
        del buffer.flush
    with pytest.raises(AttributeError):
        buffer.typo = 1
    assert buffer.count_threshold == 5
    buffer.count_threshold, buffer.time_threshold = 10**30, float("inf")
    assert buffer([1]) == []
    assert buffer.due_in() > 1e9
    assert repr(buffer).startswith("<Buffer of 1 records, count_threshold=1000")
    with pytest.raises(TypeError, match="pickled"):
        __import__("pickle").dumps(buffer)
    assert buffer.close() == [1]
