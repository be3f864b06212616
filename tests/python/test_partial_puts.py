"""A put of many packets that fails says how many it stored before."""

import pickle

import numpy
import pytest

import sluice

GOOD = b"12345678"


class Gone(Exception):
    pass


class Sealed(BaseException):
    __slots__ = ()

    def __setattr__(self, name, value):
        raise AttributeError(name)


def test_a_packet_that_is_none(make):
    buffer = make(packet_size=8)
    with pytest.raises(sluice.SluiceError, match="3 bytes") as fault:
        buffer.put_many([GOOD, GOOD, b"bad", GOOD])
    assert fault.value.stored == len(buffer) == 2
    assert fault.value.__notes__ == ["2 packets were stored before that"]
    with pytest.raises(TypeError, match="bytes-like") as other:
        buffer.put_many([GOOD, None])
    assert other.value.stored == 1
    assert other.value.__notes__ == ["1 packet was stored before that"]


@pytest.mark.parametrize("error", [RuntimeError("instrument gone"), Gone(), KeyboardInterrupt(), Sealed()])
def test_an_iterable_that_raises(make, error):
    buffer = make(packet_size=8)

    def measured():
        yield GOOD
        yield GOOD
        raise error

    with pytest.raises(type(error)) as fault:
        buffer.put_many(measured())
    assert fault.value is error
    assert error.__notes__ if type(error) is not Sealed else True
    assert getattr(error, "stored", 2) == len(buffer) == 2


def test_what_an_exception_has_is_left_alone(make):
    def measured():
        yield GOOD
        error = RuntimeError()
        error.stored = "on tape 7"
        raise error

    with pytest.raises(RuntimeError) as fault:
        make(packet_size=8).put_many(measured())
    assert fault.value.stored == "on tape 7"
    assert fault.value.__notes__ == ["1 packet was stored before that"]


def test_a_constant_in_the_middle_of_a_run(make):
    packets = b"\x01\x00\x00\x00" * 5 + b"\x02\x00\x00\x00" + b"\x01\x00\x00\x00" * 2
    buffer = make(layout="< head:B=1; value:3B")
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.put_many(packets)
    assert fault.value.stored == len(buffer) == 5
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.put_many(numpy.frombuffer(packets * 30000, numpy.uint8))  # without the GIL
    assert fault.value.stored == 5


def test_nothing_was_stored(make):
    buffer = make(packet_size=8)
    for bad in (7, b"123", numpy.zeros(3, "u4"), [b"123"]):
        with pytest.raises((sluice.SluiceError, TypeError)) as fault:
            buffer.put_many(bad)
        assert getattr(fault.value, "stored", 0) in (0, None)
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.put(b"123")
    assert fault.value.stored is None


def test_a_producer_says_it_too(tmp_path):
    with sluice.CircularBuffer(layout="< head:B=1; value:3B", file=tmp_path / "ring") as buffer:
        with sluice.Producer(file=tmp_path / "ring") as producer:
            with pytest.raises(sluice.SluiceError) as fault:
                producer.put_many(b"\x01\x00\x00\x00" * 3 + bytes(4))
            assert fault.value.stored == len(buffer) == 3
        buffer.clear()


def test_the_count_survives_a_pickle(make):
    with pytest.raises(sluice.SluiceError) as fault:
        make(packet_size=8).put_many([GOOD, b""])
    assert pickle.loads(pickle.dumps(fault.value)).stored == 1
