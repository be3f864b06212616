"""What was put comes out: bytes, or an instance of the class that was put."""

import gc
import sys
import threading
import time
import weakref

import pytest

import sluice
from sluice import AbstractPacket, FixedSizePacketBase, Format, Layout, bits, field, packetclass


@packetclass
class Transition(FixedSizePacketBase):
    layout = Layout.BIG_ENDIAN
    header: Format.UNSIGNED_CHAR = 0xA1
    info: Format.UNSIGNED_CHAR
    pin: int = bits(0, 6)
    edge: int = bits(7)
    time: float = field("I", scale=1e-6, unit="s", format="%.6f")


@packetclass
class Readout(FixedSizePacketBase):
    layout = Layout.BIG_ENDIAN
    pin: Format.UNSIGNED_CHAR
    adc: Format.UNSIGNED_SHORT


class Line(AbstractPacket):
    """A packet of any size, written by hand."""

    fields = ("text",)

    def __init__(self, text):
        self.text = text

    @property
    def data(self):
        return self.text.encode()

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return iter((self.text,))

    def __eq__(self, other):
        return isinstance(other, Line) and self.text == other.text

    __hash__ = None

    def pack(self):
        return self.data

    @classmethod
    def unpack(cls, data):
        if data.startswith(b"!"):
            raise KeyError(data)
        return cls(data.decode())


class Bare:
    """Has `data`, and no way back."""

    data = b"bare"


def test_a_buffer_of_any_packets_gives_back_what_was_put(make):
    buffer = make()
    packets = [
        Transition(pin=3, edge=1, time=0.5),
        b"bytes",
        Readout(pin=4, adc=1000),
        Line("text"),
        Line("x" * 5000),
        Transition(pin=4, edge=0, time=1.5),
    ]
    assert buffer.put_many(packets) == 6
    buffer.put(bytearray(b"array"))
    buffer.put(Bare())
    for packet in packets:
        assert buffer.peek() == packet
        assert type(buffer.peek()) is type(packet)
        assert buffer.pop() == packet
    assert buffer.pop() == b"array"
    assert buffer.pop() == b"bare"
    with pytest.raises(IndexError):
        buffer.pop()


def test_a_buffer_of_a_class_gives_instances(make):
    buffer = make(layout=Transition)
    packet = Transition(pin=3, edge=1, time=0.5)
    buffer.put(packet)
    buffer.put(packet.data)
    assert buffer.peek() == packet
    assert [buffer.pop(), buffer.pop()] == [packet, packet]
    described = make(layout=Transition.packet_layout)
    described.put(packet)
    assert described.pop() == packet.data


def test_a_packet_that_cannot_be_unpacked_stays(make):
    buffer = make()
    buffer.put(Line("!"))
    for _ in range(3):
        with pytest.raises(KeyError, match="!"):
            buffer.pop()
        with pytest.raises(KeyError, match="!"):
            buffer.peek()
    assert len(buffer) == 1


def test_an_unpack_cannot_call_the_buffer_that_calls_it(make):
    buffer = make()

    class Nosy(Line):
        @classmethod
        def unpack(cls, data):
            buffer.pop()

    buffer.put(Nosy("x"))
    with pytest.raises(RuntimeError, match="callback"):
        buffer.pop()
    assert len(buffer) == 1


def test_shared_buffers_have_bytes(tmp_path):
    with sluice.CircularBuffer(file=tmp_path / "ring") as buffer:
        buffer.put(Line("text"))
        assert buffer.pop() == b"text"


def test_a_buffer_lets_its_classes_go():
    class Own(Line):
        pass

    gone = weakref.ref(Own)
    for close in (True, False):
        buffer = sluice.FIFO()
        buffer.put(Own("x"))
        assert isinstance(buffer.peek(), Own)
        if close:
            buffer.discard()
        else:
            Own.buffer = buffer  # a cycle
    del buffer, Own
    gc.collect()
    assert gone() is None


def test_reference_counts_are_exact(make):
    buffer = make()
    packets = [Transition(pin=1, edge=0, time=1), b"some bytes", Line("text"), Line("!")]
    buffer.put_many(packets)
    buffer.clear()
    watched = [*packets, Transition, Line]

    def counts():
        gc.collect()
        return [sys.getrefcount(watched[i]) for i in range(len(watched))]

    before = counts()
    for _ in range(100):
        assert buffer.put_many(packets) == 4
        for _ in range(3):
            buffer.pop()
        with pytest.raises(KeyError):
            buffer.pop()
        buffer.clear()
    assert counts() == before


def test_formatters_get_what_was_put(make, tmp_path):
    buffer = make()
    buffer.set_primary_sink(tmp_path / "data.dat")
    seen = []

    def described(packet):
        seen.append(packet)
        return f"{type(packet).__name__}\n"

    buffer.add_custom_sink(tmp_path / "types.txt", sluice.WriteMode.TEXT, described)
    buffer.add_custom_sink(tmp_path / "list.dat", sluice.WriteMode.BINARY, lambda packets: b"".join(packets)[::-1], per_batch=True)
    packets = [Transition(pin=3, edge=1, time=0.5), b"bytes", Line("text"), Readout(pin=1, adc=2)]
    buffer.put_many(packets)
    buffer.flush()
    assert seen == packets
    assert (tmp_path / "types.txt").read_text() == "Transition\nbytes\nLine\nReadout\n"
    whole = b"".join(one if isinstance(one, bytes) else one.data for one in packets)
    assert (tmp_path / "data.dat").read_bytes() == whole
    assert (tmp_path / "list.dat").read_bytes() == whole[::-1]


def test_the_text_of_classes_in_a_buffer_of_any_packets(make, tmp_path):
    buffer = make()
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.txt", sluice.WriteMode.TEXT, Transition.to_text, Transition.text_header())
    buffer.put_many([Transition(pin=3, edge=1, time=0.5), Readout(pin=1, adc=2)])
    buffer.flush()
    assert (tmp_path / "data.txt").read_text() == "# pin, edge, time [s]\n3, 1, 0.500000\n1, 2\n"


def test_a_packet_whose_unpack_raises_fails_the_flush_and_stays(make, tmp_path):
    buffer = make()
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.txt", sluice.WriteMode.TEXT, lambda packet: packet.text + "\n")
    buffer.put_many([Line("a"), Line("!b"), Line("c")])
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.flush()
    assert isinstance(fault.value.__cause__, KeyError)
    assert len(buffer) == 2


def test_a_class_whose_unpack_is_overridden(make, tmp_path):
    class Backwards(Transition):
        @classmethod
        def unpack(cls, data):
            if data[0] == 0xA1:
                raise KeyError("forwards")
            return super().unpack(bytes(data)[::-1])

    buffer = make(layout=Transition.packet_layout)
    assert buffer.put(Transition(pin=1, edge=0, time=1))
    own = make(packet_size=6)
    own.put(Backwards(pin=1, edge=0, time=1))
    assert own.pop() == Transition(pin=1, edge=0, time=1).data
    classy = make(layout=Backwards)
    classy.put(Backwards(pin=1, edge=0, time=1))
    with pytest.raises(KeyError, match="forwards"):
        classy.pop()
    assert len(classy) == 1
    with sluice.FIFO() as any_packets:
        any_packets.put(Backwards(pin=1, edge=0, time=1))
        with pytest.raises(KeyError, match="forwards"):
            any_packets.pop()
        assert len(any_packets) == 1


@pytest.mark.parametrize("pump", [False, True])
def test_instances_from_many_threads(tmp_path, pump):
    count, threads = 2000, 4
    classes = [packetclass(type(f"P{i}", (Readout,), {"__annotations__": {}})) for i in range(threads)]
    seen = {cls: [] for cls in classes}

    def counted(packet):
        seen[type(packet)].append(packet.adc)
        return ""

    def put_all(cls):
        for number in range(count):
            while not buffer.put(cls(pin=1, adc=number)):
                time.sleep(0)

    with sluice.FIFO(flush_size=100, flush_timeout=0.01) as buffer:
        workers = [threading.Thread(target=put_all, args=(cls,)) for cls in classes]
        if pump:
            buffer.set_primary_sink(tmp_path / "data.dat")
            buffer.add_custom_sink(tmp_path / "data.txt", sluice.WriteMode.TEXT, counted)
            buffer.start()
        for worker in workers:
            worker.start()
        while not pump and sum(map(len, seen.values())) < count * threads:
            try:
                counted(buffer.pop())
            except IndexError:
                time.sleep(0)
        for worker in workers:
            worker.join()
        if pump:
            buffer.stop()
    assert all(numbers == list(range(count)) for numbers in seen.values())
