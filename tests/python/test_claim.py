"""Room in the ring, filled in place."""

import gc
import io
import threading
import time

import numpy
import pytest

import sluice


def test_what_is_filled_is_stored(make):
    buffer = make(packet_size=4)
    with buffer.claim(3) as view:
        assert isinstance(view, memoryview)
        assert not view.readonly
        assert view.nbytes == 12
        assert io.BytesIO(b"abcdefghijkl").readinto(view) == 12
        assert len(buffer) == 0
    assert list(buffer) == [b"abcd", b"efgh", b"ijkl"]
    with buffer.claim() as view:
        view[:] = b"mnop"
    assert buffer.pop_many() == b"abcdefghijklmnop"


def test_a_claim_of_packets_of_any_size_is_one_packet(make):
    buffer = make()
    with buffer.claim(5) as view:
        view[:] = b"hello"
    with buffer.claim(0):
        pass
    claim = buffer.claim(1000)
    with claim as view:
        view[:3] = b"abc"
        claim.commit(3)
    assert list(buffer) == [b"hello", b"", b"abc"]


def test_a_block_that_raises_stores_nothing(make):
    buffer = make(packet_size=4)
    with pytest.raises(ZeroDivisionError), buffer.claim() as view:
        view[:] = b"abcd"
        raise ZeroDivisionError
    assert len(buffer) == 0
    with pytest.raises(ValueError, match="released"):
        view[0] = 1
    assert buffer.put(b"efgh")
    assert list(buffer) == [b"efgh"]


def test_fewer_packets_or_none_may_be_committed(make):
    buffer = make(packet_size=4)
    claim = buffer.claim(3)
    assert not claim.open
    with claim as view:
        assert claim.open
        view[:8] = b"abcdefgh"
        claim.commit(2)
        assert not claim.open
        with pytest.raises(ValueError, match="released"):
            view[0]
    assert list(buffer) == [b"abcd", b"efgh"]
    claim = buffer.claim(3)
    with claim as view:
        claim.abort()
        claim.abort()
    claim = buffer.claim(3)
    with claim as view:
        view[:4] = b"ijkl"
        with pytest.raises(ValueError, match="count is 4, the claim has 3"):
            claim.commit(4)
        claim.commit(0)
    assert len(buffer) == 2


def test_a_claim_is_used_once(make):
    buffer = make(packet_size=4)
    claim = buffer.claim()
    with pytest.raises(RuntimeError, match="not open"):
        claim.commit()
    with pytest.raises(BufferError, match="not open"):
        memoryview(claim)
    with claim as view:
        view[:] = b"abcd"
    for call in (claim.commit, claim.__enter__):
        with pytest.raises(RuntimeError, match="over|once"):
            call()
    with pytest.raises(BufferError, match="not open"):
        memoryview(claim)
    assert len(buffer) == 1
    with pytest.raises(TypeError):
        type(claim)()


@pytest.mark.parametrize("derive", ["array", "slice", "cast", "other view"])
def test_what_still_sees_the_memory_is_refused(make, derive):
    buffer = make(packet_size=4)
    claim = buffer.claim(2)
    with pytest.raises(BufferError, match="still there"), claim as view:
        view[:] = b"abcdefgh"
        derived = {
            "array": lambda: numpy.frombuffer(view, "u1"),
            "slice": lambda: view[2:4],
            "cast": lambda: view.cast("I"),
            "other view": lambda: memoryview(claim),
        }[derive]()
    assert len(buffer) == 0
    for call in (lambda: buffer.put(b"1234"), lambda: buffer.put_many(bytes(8)), lambda: buffer.claim().__enter__(), buffer.close):
        with pytest.raises(RuntimeError, match="delete it first"):
            call()
    derived[0] = 9  # hits nothing that is stored
    del derived
    assert buffer.put(b"1234")
    assert list(buffer) == [b"1234"]


def test_an_array_that_is_gone_at_the_end_is_fine(make):
    buffer = make(layout="< number:I")
    with buffer.claim(1000) as view:
        array = numpy.frombuffer(view, buffer.layout.dtype())
        array["number"] = numpy.arange(1000)
        del array
    assert (buffer.pop_many()["number"] == numpy.arange(1000)).all()


def test_an_exception_that_keeps_an_array_alive_is_raised_as_it_is(make):
    buffer = make(packet_size=4)

    def fill():
        with buffer.claim(2) as view:
            array = numpy.frombuffer(view, "u1")
            array[100] = 1

    with pytest.raises(IndexError) as raised:
        fill()
    with pytest.raises(RuntimeError, match="delete it first"):
        buffer.put(b"1234")
    del raised
    gc.collect()
    assert buffer.put(b"1234")
    assert len(buffer) == 1


def test_constants_are_checked(make):
    buffer = make(layout="> header:B=0xA1; adc:H")
    with pytest.raises(ValueError, match="header"), buffer.claim(2) as view:
        view[:] = b"\xa1ab\xa2cd"
    assert len(buffer) == 0
    assert buffer.put(b"\xa1ab")
    with buffer.claim(2) as view:
        view[:] = b"\xa1ab\xa1cd"
    assert len(buffer) == 3
    far = make(layout="> time:Q; footer:B=0xA2")
    with pytest.raises(ValueError, match="footer"), far.claim() as view:
        view[:] = bytes(9)
    assert len(far) == 0


def test_no_room_is_none():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096) as buffer:
        with buffer.claim(3) as view:
            view[:] = bytes(3072)
        with buffer.claim(2) as view:
            assert view is None
        with buffer.claim(1) as view:
            assert view is not None
        assert len(buffer) == 4
        assert buffer.stats()["stalls"] == 1


def test_a_claim_waits_for_room_and_then_says_no():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=0.2) as buffer:
        buffer.put_many(bytes(4096))
        began = time.monotonic()
        with buffer.claim() as view:
            assert view is None
        assert time.monotonic() - began >= 0.19
        threading.Timer(0.05, buffer.pop).start()
        with buffer.claim() as view:
            view[:] = bytes(1024)
        assert len(buffer) == 4


def test_a_claim_drops_the_oldest():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096, full="drop_oldest") as buffer:
        buffer.put_many(b"a" * 4096)
        with buffer.claim(2) as view:
            view[:] = b"b" * 2048
        assert buffer.stats()["dropped_oldest"] == 2
        assert [packet[:1] for packet in buffer.drain()] == [b"a", b"a", b"b", b"b"]


def test_a_fifo_grows_for_claims():
    with sluice.FIFO(packet_size=1024, capacity=4096) as buffer:
        for index in range(50):
            with buffer.claim(3) as view:
                view[:] = bytes([index]) * 3072
        assert [packet[0] for packet in buffer.drain()] == [index // 3 for index in range(150)]


def test_a_claim_beyond_the_buffer_is_named(make):
    buffer = make(packet_size=1024, capacity=4096)
    for count in (5, 1 << 60):
        with pytest.raises(ValueError, match=f"claim of {count} packets is more than the buffer of 4096"), buffer.claim(count):
            pass
    for wrong, error in ((0, ValueError), (-1, ValueError), (1 << 70, OverflowError), (1.5, TypeError), ("1", TypeError)):
        with pytest.raises(error):
            buffer.claim(wrong)
    with pytest.raises(TypeError):
        buffer.claim(1, 2)
    with pytest.raises(TypeError):
        buffer.claim(packets=2)


def test_calls_of_the_thread_that_claims_are_refused(make, tmp_path):
    buffer = make(packet_size=4)
    buffer.put(b"0123")
    with buffer.claim() as view:
        view[:] = b"abcd"
        for call in (
            lambda: buffer.put(b"1234"),
            lambda: buffer.put_many(bytes(8)),
            lambda: buffer.put_many([b"1234"]),
            lambda: buffer.claim().__enter__(),
            buffer.close,
            buffer.discard,
        ):
            with pytest.raises(RuntimeError, match="leave its block first"):
                call()
        assert buffer.pop() == b"0123"
        assert len(buffer) == 0
        buffer.set_primary_sink(tmp_path / "data.dat")
        assert buffer.flush() == (0, 0)
    assert buffer.put(b"1234")
    assert buffer.flush() == (2, 8)


def test_other_threads_wait_for_the_end_of_the_block(make):
    buffer = make(packet_size=4)
    with buffer.claim() as view:
        worker = threading.Thread(target=buffer.put, args=(b"1234",))
        worker.start()
        time.sleep(0.1)
        assert worker.is_alive()
        view[:] = b"abcd"
    worker.join(10)
    assert list(buffer) == [b"abcd", b"1234"]


def test_a_close_waits_for_a_claim_of_another_thread(make):
    buffer = make(packet_size=4)
    entered, leave = threading.Event(), threading.Event()

    def claim():
        with buffer.claim() as view:
            view[:] = b"abcd"
            entered.set()
            leave.wait(20)

    worker = threading.Thread(target=claim)
    worker.start()
    entered.wait(20)
    with pytest.raises(RuntimeError, match="another thread is open"):
        buffer.close(timeout=0.1)
    assert not buffer.closed
    threading.Timer(0.1, leave.set).start()
    buffer.close()
    worker.join()
    assert buffer.closed


def test_a_claim_that_is_forgotten_is_given_back(make):
    buffer = make(packet_size=4)
    buffer.claim().__enter__()
    gc.collect()
    assert buffer.put(b"1234")
    assert list(buffer) == [b"1234"]


def test_claims_of_many_threads(make):
    buffer = make(layout="< thread:I; number:I", capacity=1 << 22)
    threads, each = 4, 300

    def produce(thread):
        for number in range(each):
            with buffer.claim(3) as view:
                numpy.frombuffer(view, "<u4").reshape(3, 2)[:] = [(thread, 3 * number + index) for index in range(3)]

    workers = [threading.Thread(target=produce, args=(thread,)) for thread in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    array = buffer.pop_many()
    assert len(array) == threads * each * 3
    for thread in range(threads):
        assert (array["number"][array["thread"] == thread] == numpy.arange(each * 3)).all()
