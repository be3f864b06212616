"""Putting, taking and asking."""

import gc
import os
import time
from collections import deque

import numpy
import pytest

import sluice


def packets(count, size=8):
    return [index.to_bytes(size, "big") for index in range(count)]


class Packet:
    """What a packet class looks like from here."""

    def __init__(self, data):
        self.data = data


def test_put_pop_size_clear_are_first_in_first_out(make):
    buffer = make(packet_size=8)
    assert buffer.size() == 0
    for packet in packets(100):
        assert buffer.put(packet) is True
    assert buffer.size() == len(buffer) == 100
    assert [buffer.pop() for _ in range(40)] == packets(100)[:40]
    assert buffer.peek() == packets(100)[40]
    assert buffer.size() == 60
    buffer.clear()
    assert buffer.size() == 0
    assert buffer.stats()["cleared"] == 60
    with pytest.raises(IndexError, match="empty"):
        buffer.pop()
    with pytest.raises(IndexError, match="empty"):
        buffer.peek()


def test_packets_of_any_size_without_a_size(make):
    buffer = make(capacity=1 << 16)
    assert buffer.packet_size is None
    sizes = [0, 1, 7, 8, 9, 2040, 2048, 2049, 5000, 3]
    put = [bytes([size % 251]) * size for size in sizes]
    for packet in put:
        assert buffer.put(packet)
    assert len(buffer) == len(sizes)
    assert buffer.peek() == b""
    assert [buffer.pop() for _ in sizes] == put


@pytest.mark.parametrize(
    "packet",
    [
        b"abcdefgh",
        bytearray(b"abcdefgh"),
        memoryview(b"abcdefgh"),
        numpy.frombuffer(b"abcdefgh", "u1"),
        numpy.frombuffer(b"abcdefgh", "<f8"),
        Packet(b"abcdefgh"),
        Packet(bytearray(b"abcdefgh")),
    ],
    ids=lambda packet: type(packet).__name__,
)
def test_a_packet_is_bytes_like_or_has_data(make, packet):
    for buffer in (make(packet_size=8), make()):
        assert buffer.put(packet)
        assert buffer.pop() == b"abcdefgh"


def test_a_subclass_of_bytes_is_a_packet(make):
    class Named(bytes):
        pass

    buffer = make(packet_size=8)
    assert buffer.put(Named(b"abcdefgh"))
    assert buffer.pop() == b"abcdefgh"


@pytest.mark.parametrize("packet", [None, 5, 1.5, "text", ["a"], object(), Packet(3), Packet("text")])
def test_anything_else_is_a_type_error_and_changes_nothing(make, packet):
    buffer = make(packet_size=4)
    with pytest.raises(TypeError, match="bytes-like"):
        buffer.put(packet)
    assert len(buffer) == 0


def test_another_size_is_refused_and_named(make):
    buffer = make(packet_size=8)
    for packet in (b"", b"1234567", b"123456789", bytearray(3)):
        with pytest.raises(sluice.SluiceError, match=f"{len(packet)} bytes.*packets of 8") as fault:
            buffer.put(packet)
        assert fault.value.status == sluice.Status.E_SIZE
        assert isinstance(fault.value, ValueError)
    assert len(buffer) == 0
    buffer.put(b"12345678")
    with pytest.raises(sluice.SluiceError):
        buffer.put(b"")
    assert len(buffer) == 1
    assert buffer.stats()["rejected"] == 5


def test_the_data_attribute_may_raise(make):
    class Broken:
        @property
        def data(self):
            raise ZeroDivisionError("no data today")

    with pytest.raises(ZeroDivisionError, match="no data today"):
        make(packet_size=8).put(Broken())


def test_put_many_takes_arrays_bytes_and_iterables(make):
    buffer = make(packet_size=8)
    array = numpy.arange(1000, dtype=">u8")
    assert buffer.put_many(array) == 1000
    assert buffer.put_many(b"".join(packets(10))) == 10
    assert buffer.put_many(numpy.zeros((5, 4), "u2")) == 5
    assert buffer.put_many([b"abcdefgh", Packet(b"ijklmnop"), bytearray(8)]) == 3
    assert buffer.put_many(b"") == 0
    assert buffer.put_many([]) == 0
    assert len(buffer) == 1018
    assert [buffer.pop() for _ in range(1000)] == packets(1000)


def test_put_many_of_structured_arrays(make):
    layout = numpy.dtype([("pin", "u1"), ("time", ">u4"), ("adc", ">u2")])
    array = numpy.zeros(3, layout)
    array["adc"] = [1, 2, 3]
    buffer = make(packet_size=layout.itemsize)
    assert buffer.put_many(array) == 3
    assert b"".join(buffer.pop() for _ in range(3)) == array.tobytes()


@pytest.mark.parametrize(
    ("array", "error", "text"),
    [
        (numpy.zeros(4, "u4"), sluice.SluiceError, "items of the array have 4 bytes.*packets of 8"),
        (numpy.zeros((4, 3), "u4"), sluice.SluiceError, "items of the array have 12 bytes"),
        (b"123456789", sluice.SluiceError, "9 bytes are not whole packets of 8"),
        (numpy.zeros(8, "u8")[::2], ValueError, "contiguous"),
        (numpy.array([None, 1]), TypeError, "references"),
        (5, TypeError, "iterable"),
        ([b"12345678", 7], TypeError, "bytes-like"),
    ],
)
def test_put_many_refuses_what_is_not_packets(make, array, error, text):
    buffer = make(packet_size=8)
    with pytest.raises(error, match=text):
        buffer.put_many(array)
    assert len(buffer) == (1 if isinstance(array, list) else 0)


def test_put_many_of_packets_of_any_size(make):
    buffer = make()
    assert buffer.put_many([b"a", b"bc", b""]) == 3
    with pytest.raises(TypeError, match="iterable"):
        buffer.put_many(b"abc")
    assert [buffer.pop() for _ in range(3)] == [b"a", b"bc", b""]


def test_a_fifo_grows_far_beyond_its_first_segment():
    with sluice.FIFO(packet_size=64, capacity=1 << 16) as buffer:
        count = 20000
        for index in range(count):
            assert buffer.put(index.to_bytes(64, "little"))
        assert len(buffer) == count
        assert buffer.stats()["segments"] > 1
        assert [int.from_bytes(buffer.pop(), "little") for _ in range(count)] == list(range(count))


def test_a_fifo_grows_for_large_arrays():
    with sluice.FIFO(packet_size=8, capacity=1 << 16) as buffer:
        array = numpy.arange(1 << 19, dtype="<u8")
        assert buffer.put_many(array) == len(array)
        assert len(buffer) == len(array)
        assert buffer.pop() == array[:1].tobytes()


def test_a_full_circular_buffer_fails_by_default():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096) as buffer:
        assert [buffer.put(bytes([index]) * 1024) for index in range(6)] == [True] * 4 + [False] * 2
        assert buffer.put_many(bytes(2048)) == 0
        assert buffer.put_many([bytes(1024)] * 2) == 0
        assert [buffer.pop()[0] for _ in range(4)] == [0, 1, 2, 3]
        assert buffer.put_many(bytes(6 * 1024)) == 4


def test_drop_oldest_keeps_the_newest_and_counts():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096, full="drop_oldest") as buffer:
        assert all(buffer.put(bytes([index]) * 1024) for index in range(10))
        assert [buffer.pop()[0] for _ in range(4)] == [6, 7, 8, 9]
        assert buffer.stats()["dropped_oldest"] == 6


def test_drop_newest_keeps_the_oldest_and_counts():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096, full=sluice.FullPolicy.DROP_NEWEST) as buffer:
        assert sum(buffer.put(bytes([index]) * 1024) for index in range(10)) == 4
        assert [buffer.pop()[0] for _ in range(4)] == [0, 1, 2, 3]
        assert buffer.stats()["dropped_newest"] == 6


def test_block_waits_and_then_says_no():
    with sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=0.2) as buffer:
        assert buffer.put_many(bytes(4096)) == 4
        began = time.monotonic()
        assert buffer.put(bytes(1024)) is False
        assert time.monotonic() - began >= 0.19
        assert buffer.stats()["stalls"] == 1


def test_almost_full_and_flush_needed_by_size(make):
    buffer = make(3, None, packet_size=8)
    flags = []
    for packet in packets(4):
        flags.append((buffer.almost_full(), buffer.flush_needed()))
        buffer.put(packet)
    assert flags == [(False, False)] * 3 + [(True, True)]
    buffer.configure(5, None)
    assert not buffer.almost_full()
    buffer.configure(None, None)
    assert not buffer.almost_full()
    assert not buffer.flush_needed()


def test_flush_needed_by_time(make):
    buffer = make(flush_timeout=0.15, packet_size=8)
    assert buffer.flush_size is None
    assert not buffer.flush_needed()
    assert 0 <= buffer.time_since_last_flush() < 0.15
    buffer.put(b"12345678")
    time.sleep(0.2)
    assert buffer.time_since_last_flush() >= 0.2
    assert buffer.flush_needed()
    assert not buffer.almost_full()
    buffer.configure(None, 3600)
    assert not buffer.flush_needed()


def test_a_timeout_of_zero_is_always_over(make):
    buffer = make(flush_timeout=0, packet_size=8)
    buffer.put(b"12345678")
    assert buffer.flush_needed()


def test_the_defaults_are_those_of_the_page(make):
    buffer = make()
    assert buffer.flush_size is None
    assert buffer.flush_timeout == 10.0


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"flush_size": 0}, ValueError, "flush_size is 0, it must be 1 or more"),
        ({"flush_size": -3}, ValueError, "flush_size is -3"),
        ({"flush_size": 2.5}, TypeError, "flush_size must be an int"),
        ({"flush_timeout": -1}, ValueError, "flush_timeout is -1 s, it must be 0 or more"),
        ({"flush_timeout": float("nan")}, ValueError, "flush_timeout is nan"),
        ({"packet_size": 0}, ValueError, "packet_size is 0"),
        ({"packet_size": 1 << 40}, ValueError, "packet_size is 1099511627776 bytes"),
        ({"packet_size": 8, "capacity": 1 << 60}, sluice.SluiceError, "1152921504606846976"),
        ({"packet_size": 8192, "capacity": 4096}, sluice.SluiceError, "8192"),
        ({"layout": 5}, TypeError, "layout must be a PacketLayout"),
        ({"wait": "tea"}, ValueError, "wait is 'tea', it must be one of park, yield, spin"),
    ],
)
def test_options_out_of_range_are_named(make, options, error, text):
    with pytest.raises(error, match=text):
        make(**options)


def test_full_policies_are_named():
    with pytest.raises(
        ValueError, match="full is 'overwrite', it must be one of fail, block, drop_newest, drop_oldest"
    ):
        sluice.CircularBuffer(full="overwrite")


def test_close_is_idempotent_and_ends_everything(make):
    buffer = make(packet_size=8)
    with buffer as entered:
        assert entered is buffer
        buffer.put(b"12345678")
    assert buffer.closed
    buffer.close()
    buffer.close(timeout=1)
    assert buffer.discard() == 0
    calls = [
        lambda: buffer.put(b"12345678"),
        lambda: buffer.put(bytearray(8)),
        lambda: buffer.put_many(bytes(8)),
        lambda: buffer.put_many([bytes(8)]),
        buffer.pop,
        buffer.peek,
        buffer.clear,
        buffer.size,
        lambda: len(buffer),
        buffer.almost_full,
        buffer.flush_needed,
        buffer.time_since_last_flush,
        buffer.flush,
        buffer.start,
        buffer.stop,
        buffer.poll,
        lambda: buffer.configure(1, 1),
        lambda: buffer.set_primary_sink("never.dat"),
        lambda: buffer.add_custom_sink("never.txt", sluice.WriteMode.TEXT, str),
        buffer.disconnect_sinks,
    ]
    for call in calls:
        with pytest.raises(sluice.SluiceError, match="the buffer is closed"):
            call()
    assert repr(buffer).endswith("closed>")
    assert buffer.stats()["pushed"] == 1


def test_a_buffer_is_initialised_once(make):
    buffer = make(packet_size=8)
    with pytest.raises(RuntimeError, match="initialised already"):
        buffer.__init__(packet_size=8)


def test_a_buffer_without_init_is_closed():
    class Late(sluice.FIFO):
        def __init__(self):
            pass

    with pytest.raises(sluice.SluiceError, match="closed"):
        Late().put(b"x")


def test_subclasses_may_override_put(make):
    base = type(make())

    class Counting(base):
        puts = 0

        def put(self, packet):
            type(self).puts += 1
            return super().put(packet)

    class Further(Counting):
        pass

    with Further(packet_size=8) as buffer:
        buffer.put(bytes(8))
        assert Further.puts == 1
        assert len(buffer) == 1
    with pytest.raises(TypeError):
        sluice.FIFO.put(5, b"x")


def test_configure_and_stop_check_their_arguments(make):
    buffer = make(packet_size=8)
    with pytest.raises(ValueError, match="flush_size is -1"):
        buffer.configure(-1, None)
    assert buffer.flush_size is None
    with pytest.raises(ValueError, match="timeout is -1 s"):
        buffer.poll(-1)
    with pytest.raises(TypeError):
        buffer.stop(1, 2)
    with pytest.raises(TypeError, match="seconds"):
        buffer.stop(seconds=2)


def test_the_counters_add_up(make):
    buffer = make(packet_size=8)
    buffer.put_many(bytes(80))
    for _ in range(3):
        buffer.pop()
    stats = buffer.stats()
    assert stats["pushed"] == 10
    assert stats["popped"] == 3
    assert stats["stored_packets"] == 7
    assert stats["stored_bytes"] == 56
    assert stats["last_fault"] == 0


def test_a_random_life_agrees_with_a_deque(make):
    random = numpy.random.default_rng(7)
    buffer, model = make(capacity=1 << 20), deque()
    for step in range(3000):
        if model and random.random() < 0.4:
            assert buffer.pop() == model.popleft()
        else:
            packet = random.bytes(int(random.integers(0, 200)))
            assert buffer.put(packet)
            model.append(packet)
        if step % 500 == 0:
            assert len(buffer) == len(model)
            assert not model or buffer.peek() == model[0]
    assert [buffer.pop() for _ in range(len(buffer))] == list(model)


def by_close(buffer):
    buffer.close()


def by_with(buffer):
    with buffer:
        pass


def by_nothing(buffer):
    pass


@pytest.mark.parametrize("end", [by_close, by_with, by_nothing])
@pytest.mark.parametrize("where", ["file", "name"])
def test_a_ring_that_is_to_outlive_its_buffer_does(tmp_path, where, end):
    place = {where: tmp_path / "ring" if where == "file" else f"test.outlives.{os.getpid()}"}
    buffer = sluice.CircularBuffer(**place, packet_size=4)
    buffer.put_many(b"abcdefgh")
    assert buffer.pop() == b"abcd"
    end(buffer)
    del buffer
    gc.collect()
    with sluice.CircularBuffer(**place, packet_size=4, attach="attach") as again:
        assert list(again) == [b"efgh"]
        assert again.pop() == b"efgh"
    if where == "name":
        os.unlink(f"/dev/shm/sluice.{place['name']}")  # who attached leaves it to whoever made it
