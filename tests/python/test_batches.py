"""Many packets at once: pop_many, iteration, drain."""

import struct
import threading

import numpy
import pytest

import sluice

LAYOUT = "> pin:B; time:I*1e-6 [s] %.6f; adc:H"


def records(first, last):
    return [struct.pack(">BIH", index % 8, index * 50, index % 4096) for index in range(first, last)]


def test_packets_with_a_layout_come_as_an_array(make):
    buffer = make(layout=LAYOUT)
    buffer.put_many(records(0, 100))
    array = buffer.pop_many(40)
    assert array.dtype == buffer.layout.dtype()
    assert array.shape == (40,)
    assert array.tobytes() == b"".join(records(0, 40))
    assert len(buffer) == 60
    array["adc"] += 1  # its memory is its own
    rest = buffer.pop_many()
    assert rest.tobytes() == b"".join(records(40, 100))
    assert len(buffer) == 0
    assert buffer.stats()["popped"] == 100


def test_packets_of_a_size_come_as_bytes(make):
    buffer = make(packet_size=7)
    buffer.put_many(records(0, 10))
    assert buffer.pop_many(most=3) == b"".join(records(0, 3))
    assert buffer.pop_many(1000) == b"".join(records(3, 10))


def test_packets_of_any_size_come_as_a_list(make):
    buffer = make()
    put = [bytes(size) for size in (0, 1, 500, 5000, 3)]
    buffer.put_many(put)
    assert buffer.pop_many(2) == put[:2]
    assert buffer.pop_many() == put[2:]


def test_a_batch_of_an_empty_buffer_is_empty(make):
    array = make(layout=LAYOUT).pop_many()
    assert array.shape == (0,)
    assert array.dtype.names == ("pin", "time", "adc")
    assert make(packet_size=8).pop_many() == b""
    assert make().pop_many() == []
    buffer = make(packet_size=8)
    buffer.put(bytes(8))
    assert buffer.pop_many(0) == b""
    assert len(buffer) == 1


@pytest.mark.parametrize("most", [-1, 1.5, "2"])
def test_most_is_checked(make, most):
    with pytest.raises((TypeError, ValueError)):
        make(packet_size=8).pop_many(most)


def test_out_is_filled_in_place(make):
    buffer = make(layout=LAYOUT)
    buffer.put_many(records(0, 10))
    out = numpy.zeros(6, buffer.layout.dtype())
    assert buffer.pop_many(out=out) == 6
    assert out.tobytes() == b"".join(records(0, 6))
    assert buffer.pop_many(2, out) == 2
    assert out.tobytes() == b"".join(records(6, 8) + records(2, 6))
    assert buffer.pop_many(out=out) == 2
    assert buffer.pop_many(out=out) == 0
    memory = bytearray(14)
    buffer.put_many(records(0, 3))
    assert buffer.pop_many(out=memory) == 2
    assert memory == b"".join(records(0, 2))
    assert buffer.pop_many(out=bytearray()) == 0


@pytest.mark.parametrize(
    ("out", "error", "text"),
    [
        (numpy.zeros(4, "u4"), ValueError, "items of the array have 4 bytes"),
        (bytearray(15), ValueError, "15 bytes are not whole packets of 8"),
        (numpy.zeros(8, "u8")[::2], ValueError, "contiguous"),
        (numpy.array([None, 1]), TypeError, "references"),
        (bytes(8), BufferError, "writable"),
        (5, TypeError, "bytes-like"),
    ],
)
def test_what_cannot_be_filled_is_refused(make, out, error, text):
    buffer = make(packet_size=8)
    buffer.put(b"12345678")
    with pytest.raises(error, match=text):
        buffer.pop_many(out=out)
    assert buffer.pop() == b"12345678"


def test_an_array_that_may_not_be_written_is_refused(make):
    buffer = make(packet_size=8)
    out = numpy.zeros(2, "u8")
    out.flags.writeable = False
    with pytest.raises((BufferError, ValueError), match="read-only|writable"):
        buffer.pop_many(out=out)


def test_packets_of_any_size_have_no_out(make):
    buffer = make()
    buffer.put(b"abc")
    with pytest.raises(TypeError, match="packets of one size"):
        buffer.pop_many(out=bytearray(100))
    assert len(buffer) == 1


def test_taking_all_counts_as_a_flush(make):
    buffer = make(flush_size=None, flush_timeout=0.05, packet_size=8)
    buffer.put(bytes(8))
    while not buffer.flush_needed():
        pass
    buffer.pop_many(1)
    buffer.put(bytes(8))
    assert buffer.flush_needed()
    buffer.pop_many()
    assert not buffer.flush_needed()
    assert buffer.time_since_last_flush() < 0.05


def test_all_segments_of_a_fifo_come_at_once():
    with sluice.FIFO(packet_size=8, capacity=1 << 12) as buffer:
        array = numpy.arange(1 << 15, dtype="<u8")
        buffer.put_many(array)
        assert buffer.stats()["segments"] > 1
        assert buffer.pop_many() == array.tobytes()


def test_batches_while_others_put():
    with sluice.FIFO(layout="< number:Q", capacity=1 << 14) as buffer:
        count, block = 200_000, 500

        def produce():
            for first in range(0, count, block):
                buffer.put_many(numpy.arange(first, first + block, dtype="<u8"))

        worker = threading.Thread(target=produce)
        worker.start()
        taken = []
        while sum(map(len, taken)) < count:
            taken.append(buffer.pop_many())
        worker.join()
        assert (numpy.concatenate(taken)["number"] == numpy.arange(count)).all()


def test_iteration_takes_nothing_out(make):
    for buffer, put in ((make(packet_size=7), records(0, 50)), (make(), [bytes(size) for size in range(50)])):
        buffer.put_many(put)
        assert list(buffer) == put
        assert [packet for packet in buffer] == put
        assert put[7] in buffer
        assert b"not there" not in buffer
        assert len(buffer) == 50
        assert buffer.pop_many(50) == (put if buffer.packet_size is None else b"".join(put))
        assert list(buffer) == []


def test_iteration_sees_all_segments_of_a_fifo():
    for options in ({"packet_size": 8}, {}):
        with sluice.FIFO(capacity=1 << 12, **options) as buffer:
            put = [index.to_bytes(8, "big") for index in range(3000)]
            buffer.put_many(put)
            assert buffer.stats()["segments"] > 1
            assert list(buffer) == put
            assert put[-1] in buffer
            assert buffer.peek() == put[0]
            assert len(buffer) == 3000


def test_iteration_of_a_buffer_that_drops_the_oldest():
    with sluice.CircularBuffer(packet_size=1024, capacity=1 << 21, full="drop_oldest") as buffer:
        for index in range(3000):
            buffer.put(index.to_bytes(1024, "big"))
            if index == 1000:
                assert buffer.peek() == bytes(1024)
        stored = [int.from_bytes(packet, "big") for packet in buffer]
        assert stored[-1] == 2999
        assert len(stored) == len(buffer)
        assert stored == sorted(stored)
        assert [int.from_bytes(packet, "big") for packet in buffer.drain()] == stored


def test_iteration_sees_what_was_there_when_it_began(make):
    buffer = make(packet_size=7)
    buffer.put_many(records(0, 3))
    seen = iter(buffer)
    buffer.clear()
    buffer.put_many(records(3, 9))
    assert list(seen) == records(0, 3)
    seen = iter(buffer)
    buffer.close()
    assert list(seen) == records(3, 9)


def test_drain_takes_until_the_buffer_is_empty(make):
    for buffer, put in ((make(packet_size=7), records(0, 50)), (make(), [bytes(size) for size in range(50)])):
        buffer.put_many(put)
        assert list(buffer.drain()) == put
        assert len(buffer) == 0
        assert list(buffer.drain()) == []


def test_a_drain_that_is_left_early_loses_nothing(make):
    buffer = make(packet_size=7)
    buffer.put_many(records(0, 10))
    for packet in buffer.drain():
        if packet == records(3, 4)[0]:
            break
    assert list(buffer) == records(4, 10)


def test_a_drain_that_is_over_stays_over(make):
    buffer = make(packet_size=7)
    drain = buffer.drain()
    assert list(drain) == []
    buffer.put_many(records(0, 1))
    assert list(drain) == []
    assert list(buffer.drain()) == records(0, 1)


class Refusing:
    """A packet that can be put, but not made again at first."""

    works = False

    def __init__(self, data):
        self.data = data

    @classmethod
    def unpack(cls, data):
        if not cls.works:
            raise IndexError("not yet")
        return cls(data)


def test_packets_whose_class_raises_stay(make):
    Refusing.works = False
    buffer = make()
    buffer.put_many([b"first", Refusing(b"second")])
    for take in (buffer.pop_many, lambda: list(buffer)):
        with pytest.raises(IndexError, match="not yet"):
            take()
    assert len(buffer) == 2
    drain = buffer.drain()
    assert next(drain) == b"first"
    with pytest.raises(IndexError, match="not yet"):
        next(drain)
    assert len(buffer) == 1
    Refusing.works = True
    assert [packet.data for packet in buffer.pop_many()] == [b"second"]


def test_bytes_where_there_is_no_numpy(script):
    done = script(
        """
        import sys
        sys.modules["numpy"] = None
        import sluice
        with sluice.FIFO(layout="> pin:B; adc:H") as buffer:
            buffer.put_many(b"abcdef")
            print(buffer.pop_many())
        """
    )
    assert done.stdout == "b'abcdef'\n"
