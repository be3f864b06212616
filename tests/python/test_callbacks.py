"""Callback sinks, memory sinks, release controllers and reset hooks."""

import logging
import time

import numpy
import pytest

import sluice


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_callback_sink_gets_every_batch(make):
    buffer = make(layout="< number:I", capacity=1 << 22)
    batches = []
    sink = buffer.add_callback_sink(batches.append)
    buffer.put_many(numpy.arange(10, dtype="<u4"))
    assert buffer.flush() == (10, 40)
    buffer.put_many(numpy.arange(10, 500_000, dtype="<u4"))
    buffer.flush()
    assert len(batches) > 2
    assert (numpy.concatenate(batches)["number"] == numpy.arange(500_000)).all()
    info = sink.info()
    assert (info.packets, info.bytes, info.errors) == (500_000, 2_000_000, 0)
    assert buffer.sinks == (sink,)
    assert "append" in repr(sink)


def test_a_callback_that_accepts_nothing_now_is_named(make):
    buffer = make(packet_size=4)
    buffer.add_callback_sink(lambda batch: False)
    buffer.put_many([b"aaaa", b"bbbb"])
    for end in (buffer.flush, buffer.close):
        with pytest.raises(sluice.SluiceError, match="sink 'callback' takes no more now; 2 packets are still stored: try again once"):
            end()
    assert buffer.discard() == 2


def test_batches_of_a_callback_are_like_those_of_pop_many(make):
    for options, put, batch in (({"packet_size": 2}, [b"ab", b"cd"], b"abcd"), ({}, [b"a", b"", b"bcd"], [b"a", b"", b"bcd"])):
        buffer, batches = make(**options), []
        buffer.add_callback_sink(batches.append)
        buffer.put_many(put)
        buffer.flush()
        assert batches == [batch]


def test_a_batch_may_be_kept(make):
    buffer, batches = make(layout="< number:I", capacity=4096), []
    buffer.add_callback_sink(batches.append)
    for first in range(0, 10_000, 100):
        buffer.put_many(numpy.arange(first, first + 100, dtype="<u4"))
        buffer.flush()
    buffer.close()
    assert (numpy.concatenate(batches)["number"] == numpy.arange(10_000)).all()


def test_an_exception_keeps_the_packets(make, tmp_path):
    buffer, batches, broken = make(packet_size=4), [], [True]
    buffer.set_primary_sink(tmp_path / "data.dat")

    def accept(batch):
        if broken:
            raise ZeroDivisionError("not today")
        batches.append(batch)

    sink = buffer.add_callback_sink(accept)
    buffer.put(b"abcd")
    for _ in range(2):
        with pytest.raises(sluice.SluiceError) as fault:
            buffer.flush()
        assert isinstance(fault.value.__cause__, ZeroDivisionError)
        assert len(buffer) == 1
    assert sink.info().errors == 2
    broken.clear()
    buffer.put(b"efgh")
    buffer.flush()
    assert b"".join(batches) == b"abcdefgh"
    assert (tmp_path / "data.dat").read_bytes() == b"abcdefgh"


def test_an_exception_on_the_thread_is_logged_once(make, caplog):
    buffer, batches, broken = make(flush_size=1, packet_size=4), [], [True]

    def accept(batch):
        if broken:
            raise ZeroDivisionError("not today")
        batches.append(batch)

    buffer.add_callback_sink(accept)
    with caplog.at_level(logging.ERROR, "sluice"):
        buffer.start()
        buffer.put(b"abcd")
        wait_until(lambda: buffer.stats()["sink_errors"] > 2)
    assert [record.message for record in caplog.records] == [
        "a callback sink failed, the packets stay stored until it works: not today"
    ]
    broken.clear()
    wait_until(lambda: batches)
    buffer.stop()
    assert b"".join(batches) == b"abcd"


def test_false_is_not_now(make):
    buffer, batches, answers = make(packet_size=4), [], [False, False, None]

    def accept(batch):
        answer = answers.pop(0)
        if answer is not False:
            batches.append(batch)
        return answer

    buffer.add_callback_sink(accept)
    buffer.put(b"abcd")
    for _ in range(2):
        try:
            assert buffer.flush() == (0, 0)
        except sluice.SluiceError as error:
            assert error.status == sluice.Status.WOULD_BLOCK
        assert len(buffer) == 1
    assert buffer.flush() == (1, 4)
    assert batches == [b"abcd"]


def test_a_callback_that_calls_back_is_refused(make):
    buffer, told = make(packet_size=4), []

    def accept(batch):
        for call in (
            buffer.flush,
            buffer.pop,
            buffer.pop_many,
            buffer.clear,
            buffer.close,
            buffer.discard,
            buffer.disconnect_sinks,
            lambda: len(buffer),
            lambda: list(buffer),
            lambda: buffer.add_callback_sink(print),
        ):
            try:
                call()
                told.append(None)
            except RuntimeError as error:
                told.append("callback" in str(error))

    buffer.add_callback_sink(accept)
    buffer.put(b"abcd")
    assert buffer.flush() == (1, 4)
    assert told == [True] * 10


def test_a_callback_may_put(make):
    buffer, batches = make(packet_size=4), []

    def accept(batch):
        batches.append(batch)
        if len(batches) < 5:
            assert buffer.put(bytes([len(batches)]) * 4)

    buffer.add_callback_sink(accept)
    buffer.put(bytes(4))
    for _ in range(10):
        buffer.flush()
    assert batches == [bytes([index]) * 4 for index in range(5)]


def test_what_accepts_must_be_callable(make):
    buffer = make(packet_size=4)
    with pytest.raises(TypeError, match="accept must be callable, not int"):
        buffer.add_callback_sink(5)
    for call in (buffer.add_controller, buffer.on_reset):
        with pytest.raises(TypeError, match="must be callable"):
            call(5)
    assert buffer.sinks == ()


def test_a_memory_sink_keeps_until_it_is_taken(make):
    buffer = make(packet_size=4)
    sink = buffer.add_memory_sink(12)
    assert sink.limit == 12
    buffer.put_many(b"abcdefghijkl")
    assert buffer.flush() == (3, 12)
    assert sink.take(6) == b"abcdef"
    assert sink.take(0) == b""
    assert sink.take() == b"ghijkl"
    assert sink.take() == b""
    with pytest.raises(ValueError, match="most is -1"):
        sink.take(-1)
    buffer.put_many(b"abcdefghijklmnop")
    with pytest.raises(sluice.SluiceError):
        buffer.flush()
    assert len(buffer) == 1
    assert sink.take() == b"abcdefghijkl"
    buffer.flush()
    assert sink.take() == b"mnop"
    buffer.disconnect_sinks()
    with pytest.raises(sluice.SluiceError):
        sink.take()


def test_a_memory_sink_of_much(make):
    buffer = make(packet_size=8, capacity=1 << 23)
    sink = buffer.add_memory_sink(1 << 30)
    array = numpy.arange(1_000_000, dtype="<u8")
    buffer.put_many(array)
    buffer.flush()
    assert sink.take() == array.tobytes()
    for limit, error in ((0, ValueError), (-1, ValueError), ("x", TypeError)):
        with pytest.raises(error):
            buffer.add_memory_sink(limit)


def test_a_controller_decides(make):
    buffer, seen = make(flush_timeout=None, layout="< number:I"), []

    def decide(snapshot):
        seen.append((snapshot.packets, snapshot.bytes, list(snapshot.batch["number"])))
        assert snapshot.age >= 0
        return snapshot.packets > 2

    buffer.add_controller(decide)
    assert not buffer.flush_needed()
    for number in range(3):
        assert not buffer.flush_needed()
        buffer.put(number.to_bytes(4, "little"))
    assert buffer.flush_needed()
    assert seen == [(0, 0, []), (0, 0, []), (1, 4, [0]), (2, 8, [0, 1]), (3, 12, [0, 1, 2])]


def test_a_snapshot_ends_with_its_call(make):
    buffer, kept = make(flush_timeout=None, packet_size=4), []
    buffer.add_controller(kept.append)
    buffer.put(b"abcd")
    assert not buffer.flush_needed()
    assert kept[0].packets == 1
    with pytest.raises(ValueError, match="during the call"):
        kept[0].batch
    with pytest.raises(TypeError):
        type(kept[0])()


def test_a_controller_that_raises_is_logged_and_skipped(make, caplog):
    buffer = make(flush_size=2, flush_timeout=None, packet_size=4)

    def decide(snapshot):
        raise ZeroDivisionError("no idea")

    buffer.add_controller(decide)
    buffer.put(b"abcd")
    with caplog.at_level(logging.ERROR, "sluice"):
        assert not buffer.flush_needed()
        buffer.put(b"abcd")
        assert buffer.flush_needed()
    assert [record.message for record in caplog.records] == ["a release controller failed and is skipped until it works: no idea"]
    assert buffer.stats()["controller_errors"] == 2


def test_controllers_drive_the_thread(make):
    buffer, batches = make(flush_timeout=None, packet_size=4), []
    buffer.add_callback_sink(batches.append)
    buffer.add_controller(lambda snapshot: snapshot.packets >= 3)
    buffer.start()
    buffer.put(bytes(4))
    time.sleep(0.05)
    assert not batches
    buffer.put_many(bytes(8))
    wait_until(lambda: batches)
    buffer.stop()
    assert b"".join(batches) == bytes(12)


def test_a_forced_release(make):
    buffer = make(flush_timeout=None, packet_size=4)
    buffer.add_controller(lambda snapshot: 1 / 0)
    buffer.put(b"abcd")
    buffer.force_release()
    assert buffer.flush_needed()
    buffer.pop_many()
    assert not buffer.flush_needed()


def test_the_reset_hook_runs_after_each_flush(make, caplog):
    buffer, calls = make(packet_size=4), []
    buffer.add_callback_sink(len)
    buffer.on_reset(lambda: calls.append("first"))
    buffer.put(b"abcd")
    buffer.flush()
    buffer.on_reset(lambda: calls.append("second"))
    buffer.put(b"abcd")
    buffer.flush()
    assert calls == ["first", "second"]
    buffer.on_reset(lambda: 1 / 0)
    buffer.put(b"abcd")
    with caplog.at_level(logging.ERROR, "sluice"):
        assert buffer.flush() == (1, 4)
    assert [record.message for record in caplog.records] == ["a reset hook failed: division by zero"]
    buffer.on_reset(None)
    buffer.pop_many()
    assert calls == ["first", "second"]


def test_a_put_in_a_callback_does_not_wait_for_the_room_that_its_return_makes(script):
    script("""
        import faulthandler, threading, time
        import sluice
        faulthandler.dump_traceback_later(60, exit=True)

        def put(buffer):
            buffer.put(bytes(8))

        def put_many(buffer):
            buffer.put_many(bytes(8))

        def claim(buffer):
            with buffer.claim():
                pass

        def told(call, buffer):
            try:
                while True:
                    call(buffer)
            except sluice.SluiceError as error:
                assert error.status == sluice.Status.E_STATE, error.status
                return str(error)

        texts = []
        for call in (put, put_many, claim):
            buffer = sluice.CircularBuffer(packet_size=8, capacity=4096, full="block", block_timeout=None)
            buffer.add_callback_sink(lambda batch: texts.append(told(call, buffer)))
            buffer.put(bytes(8))
            assert buffer.flush() == (1, 8)
            assert "cannot wait for the room that only its own return makes" in texts[-1], texts
            buffer.put(bytes(8))
            buffer.discard()

        buffer = sluice.CircularBuffer(packet_size=8, capacity=4096, full="block", block_timeout=None)
        buffer.add_callback_sink(lambda batch: texts.append(told(put, buffer)))
        buffer.put_many(bytes(4096))
        waiting = threading.Thread(target=put, args=(buffer,))
        waiting.start()
        while buffer.stats()["stalls"] == 0:
            time.sleep(0.001)
        buffer.flush()
        waiting.join()
        assert "cannot wait" in texts[-1] and len(texts) == 4, texts
        buffer.discard()
    """)
