"""Packets as classes, and the ways from one description of a packet to another."""

import copy
import functools
import gc
import itertools
import json
import pickle
import random
import struct
import sys
import weakref
from typing import Annotated

import numpy
import pytest

import sluice
from sluice import Code, FixedSizePacketBase, Format, Layout, PacketLayout, bits, field, packetclass


@packetclass
class Trigger(FixedSizePacketBase):
    layout = Layout.BIG_ENDIAN
    header: Format.UNSIGNED_CHAR = 0xAA
    pin: Format.UNSIGNED_CHAR
    timestamp: Format.UNSIGNED_LONG

    def __post_init__(self):
        self.seconds = 1e-6 * self.timestamp


@packetclass
class Transition(FixedSizePacketBase):
    layout = Layout.BIG_ENDIAN
    header: Format.UNSIGNED_CHAR = 0xA1
    info: Format.UNSIGNED_CHAR
    pin: int = bits(0, 6)
    edge: int = bits(7)
    time: float = field("I", scale=1e-6, unit="s", format="%.6f")


@packetclass
class Everything(FixedSizePacketBase):
    layout = Layout.LITTLE_ENDIAN
    magic: Annotated[bytes, Code("s", 4)] = b"RUN"
    samples: Annotated[tuple[int, ...], Code("h", 3)] = field(scale=0.5)
    flag: Format.BOOL
    code: Format.CHAR
    level: Format.HALF
    word: Format.UNSIGNED_SHORT
    mode: int = bits(0, 3, constant=2)
    gain: float = bits(4, 6, scale=0.5, offset=-1, unit="dB", format="%.1f")
    label: bytes = field("8s", pad=2)
    temperature: float = field(Format.SIGNED_CHAR, scale=0.25, offset=20, unit="°C")
    last: Format.DOUBLE = field(format="-")


def test_a_class_packs_and_unpacks():
    packet = Trigger(0xAA, 3, 1_500_000)
    assert packet.data == packet.pack() == bytes(packet) == struct.pack(">BBL", 0xAA, 3, 1_500_000)
    assert Trigger.unpack(packet.data) == packet
    assert Trigger.unpack(bytearray(packet.data)).seconds == 1.5
    assert (packet.header, packet.pin, packet.timestamp, packet.seconds) == (0xAA, 3, 1_500_000, 1.5)
    assert Trigger.fields == ("header", "pin", "timestamp")
    assert Trigger.size == len(packet) == 6
    assert list(packet) == [0xAA, 3, 1_500_000]
    assert Trigger(*packet) == packet == Trigger(pin=3, timestamp=1_500_000)
    assert hash(Trigger(*packet)) == hash(packet)
    assert packet != Trigger(pin=4, timestamp=1_500_000)
    assert packet != packet.data
    assert repr(packet) == "Trigger(header=170, pin=3, timestamp=1500000)"
    assert pickle.loads(pickle.dumps(packet)) == packet
    assert isinstance(packet, sluice.AbstractPacket)


def test_instances_are_frozen():
    packet = Trigger(pin=3, timestamp=1)
    for name in ("pin", "seconds", "other", "data"):
        with pytest.raises(AttributeError, match=name):
            setattr(packet, name, 1)
    with pytest.raises(AttributeError, match="pin"):
        del packet.pin
    assert packet.pin == 3


def test_constants_and_sizes_are_checked():
    with pytest.raises(ValueError, match="Trigger: field 'header' is 0xab, expected 0xaa") as fault:
        Trigger.unpack(struct.pack(">BBL", 0xAB, 0, 0))
    assert fault.value.status == sluice.Status.E_CONSTANT
    with pytest.raises(ValueError, match="header"):
        Trigger(0xAB, 3, 1)
    with pytest.raises(ValueError, match="has 6 bytes, not 5") as fault:
        Trigger.unpack(b"\xaa1234")
    assert fault.value.status == sluice.Status.E_SIZE
    for wrong in ((), (0xAA, 3), (0xAA, 3, 4, 5)):
        with pytest.raises(TypeError):
            Trigger(*wrong)
    with pytest.raises(TypeError, match="no field 'pim'"):
        Trigger(pim=3, pin=3, timestamp=3)
    with pytest.raises(TypeError, match="given twice"):
        Trigger(0xAA, 3, pin=3, timestamp=4)
    with pytest.raises(struct.error):
        Trigger(pin=256, timestamp=3)


def test_bits_and_scaled_values_are_declared():
    packet = Transition.unpack(bytes.fromhex("a182000c0354"))
    assert (packet.info, packet.pin, packet.edge) == (0x82, 2, 1)
    assert packet.time == 787284 * 1e-6
    assert list(packet) == [0xA1, 0x82, packet.time]
    assert Transition(pin=2, edge=1, time=0.787284) == packet
    assert Transition(0xA1, 0x82, 0.787284) == packet
    assert Transition(info=0x02, edge=1, time=0.787284) == packet
    assert packet.to_text() == "2, 1, 0.787284\n"
    assert packet.to_text(separator=";") == "2;1;0.787284\n"
    assert Transition.text_header() == "# pin, edge, time [s]\n"
    assert Transition.text_header("; ", "acquire") == "; Created by acquire\n; pin, edge, time [s]\n"
    with pytest.raises(ValueError, match="'pin' is 128, its bits hold 0 to 127"):
        Transition(pin=128, edge=0, time=0)
    assert Transition.packet_layout == PacketLayout("plasduino-digital") == PacketLayout.from_class(Transition)


def test_every_kind_of_field():
    packet = Everything(
        samples=(1, -2, 3.5), flag=True, code=b"x", level=0.25, gain=2, label=b"abc", temperature=21.5, last=1e300
    )
    assert packet.samples == (1, -2, 3.5)
    assert (packet.magic, packet.flag, packet.code, packet.level) == (b"RUN\0", True, b"x", 0.25)
    assert (packet.word, packet.mode, packet.gain) == (0x62, 2, 2)
    assert (packet.label, packet.temperature, packet.last) == (b"abc\0\0\0\0\0", 21.5, 1e300)
    assert Everything.unpack(packet.data) == packet
    assert Everything.packet_layout.size == Everything.size == len(packet.data)
    Everything.packet_layout.check(packet.data)
    array = numpy.frombuffer(packet.data, Everything.packet_layout.dtype())
    assert array["samples"].tolist() == [[2, -4, 7]]
    assert array["label"].tolist() == [b"abc"]
    broken = bytearray(packet.data)
    broken[array.dtype.fields["word"][1]] ^= 1
    with pytest.raises(ValueError, match="'mode' is 3, expected 2"):
        Everything.unpack(broken)
    with pytest.raises(sluice.SluiceError, match="'mode' is 3, expected 2"):
        Everything.packet_layout.check(broken)
    with pytest.raises(TypeError, match="'samples' has 3 elements, not 2"):
        Everything(samples=(1, 2), flag=1, code=b"x", level=0, gain=2, label=b"", temperature=20, last=0)


def test_a_class_may_be_extended():
    @packetclass
    class Longer(Transition):
        value: Format.UNSIGNED_SHORT

    assert Longer.fields == ("header", "info", "time", "value")
    assert Longer.size == 8
    assert Longer(pin=1, edge=0, time=1, value=7).value == 7
    assert Transition.size == 6


@pytest.mark.parametrize("name", ["plasduino-digital", "plasduino-analog", "jitter"])
def test_a_layout_has_a_class(name):
    layout = PacketLayout(name)
    cls = layout.packet_class("Made")
    assert cls.__name__ == "Made"
    assert cls.packet_layout is layout
    assert PacketLayout(cls._description) == layout
    data = layout._template()
    packet = cls.unpack(data)
    assert packet.data == data
    assert packet.to_text()
    if layout.text.startswith(">"):
        data = bytes([data[0] ^ 1]) + data[1:]
        with pytest.raises(ValueError, match="header"):
            cls.unpack(data)


@pytest.mark.parametrize(
    "text",
    [
        "<a:B; 3x; b:4h; c:?; d:e; e:f; f:d; g:10s; h:c; i:3c; j:b; k:q; l:Q; 5x",
        "@a:B; b:I; c:B; 2x; d:d; e:2l; f:5s; g:h; 3x",
        ">m:4s='R\\x00N'; w:H{a:0-3=5 %02x, b:4-6*0.5-1 [V] %.2f, c:15 -}; s:3h*0.25+1 [m] %.1f; h:b-; k:i=-7; y:c='x'",
        "=a:L; b:l; c:?=1",
    ],
)
def test_layout_class_and_dtype_go_round(text):
    layout = PacketLayout(text)
    cls = layout.packet_class()
    assert PacketLayout(cls._description) == layout
    assert cls.size == layout.size
    packet = cls.unpack(layout._template())
    assert cls(*packet) == packet
    dtype = layout.dtype()
    back = PacketLayout.from_dtype(dtype)
    assert back.dtype() == dtype
    assert back.size == layout.size
    assert PacketLayout.from_dtype(back.packet_class().packet_layout.dtype()) == back


def test_pascal_strings_are_raw_bytes_to_numpy():
    layout = PacketLayout("> a:H; p:9p")
    assert layout.packet_class()(7, b"four").p == b"four"
    assert PacketLayout(layout.packet_class()._description) == layout
    assert PacketLayout.from_dtype(layout.dtype()) == PacketLayout("> a:H; p:9s")


def test_sizes_are_those_of_struct():
    numbers = random.Random(1)
    kinds = "cbB?hHiIlLqQefd"
    for order, _ in itertools.product("@=<>!", range(60)):
        codes = [numbers.choice(kinds + "nN" * (order == "@")) for _ in range(numbers.randint(1, 9))]
        names = {f"f{i}": Annotated[object, Code(code)] for i, code in enumerate(codes)}
        cls = packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, "layout": Layout(order)}))
        expected = struct.calcsize(order + "".join(codes))
        assert cls.size == cls.packet_layout.size == expected, codes
        raw = numbers.randbytes(expected)
        values = struct.unpack(order + "".join(codes), raw)
        assert repr(list(cls.unpack(raw))) == repr(list(values))


def edges_of(order, code):
    """Values at the ends of what a type holds, and beyond."""
    bits_of = struct.calcsize(order + code) * 8
    if code in "BHILQN":
        return [0, 1, (1 << bits_of) - 1], [-1, 1 << bits_of, 1.5, "1", None]
    if code in "bhilqn":
        return [-(1 << bits_of - 1), -1, (1 << bits_of - 1) - 1], [-(1 << bits_of - 1) - 1, 1 << bits_of - 1, b"1"]
    if code in "efd":
        return [0.0, -0.0, 1.5, 3, float("inf"), True], ["1.5", b"1", 1 << 2000]
    if code == "?":
        return [True, False, 1, 0, "yes"], []
    return [b"x", b"\xff"], [b"", b"xy", "x", 1]


@pytest.mark.parametrize("order", "@=<>!")
def test_values_become_the_bytes_of_struct(order):
    for code in "cbB?hHiIlLqQefd" + "nN" * (order == "@"):
        names = {"first": Annotated[object, Code("B")], "value": Annotated[object, Code(code)]}
        cls = packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, "layout": Layout(order)}))
        good, bad = edges_of(order, code)
        for value in good:
            expected = struct.pack(f"{order}B{code}", 7, value)
            assert cls(7, value).data == cls(first=7, value=value).data == expected, (code, value)
            assert cls._assemble(cls, (7, value), {}) == expected
        for value in bad:
            with pytest.raises((struct.error, OverflowError)):
                struct.pack(f"{order}B{code}", 7, value)
            with pytest.raises((struct.error, OverflowError)):
                cls(7, value)
    if order != "@":  # which has C's conversion
        one = {"__annotations__": {"a": Annotated[float, Code("f")]}, "layout": Layout(order)}
        with pytest.raises(OverflowError):
            packetclass(type("P", (FixedSizePacketBase,), one))(1e39)


def test_a_packet_of_one_byte_has_a_byte_of_its_own():
    Byte = PacketLayout("> a:B").packet_class("Byte")
    assert [Byte(number).a for number in range(256)] == list(range(256))
    assert [bytes([number])[0] for number in range(256)] == list(range(256))


def test_both_ways_to_bytes_are_one():
    numbers = random.Random(7)
    for _ in range(300):
        named = {
            "samples": tuple(numbers.choice([1, 2.5, -3, 0.25]) for _ in range(3)),
            "flag": numbers.random() < 0.5,
            "code": numbers.randbytes(1),
            "level": numbers.choice([0.5, 2, -1.25]),
            "label": numbers.randbytes(numbers.randrange(11)),
            "temperature": numbers.uniform(-10, 50),
            "last": numbers.random(),
        }
        if numbers.random() < 0.5:
            named["gain"] = numbers.choice([-1, -0.5, 2.5, 2])
        if numbers.random() < 0.5:
            named["word"] = numbers.randrange(1 << 16) & 0xFFF0 | 2
        packet = Everything(**named)
        assert packet.data == Everything._assemble(Everything, (), dict(named))
        level, label = packet.level, packet.label
        assert (level, label) == (named["level"], named["label"][:8].ljust(8, b"\0"))
        positional = (b"RUN", named["samples"], named["flag"], named["code"], named["level"], packet.word, *list(packet)[6:])
        assert Everything(*positional) == packet
    for width in (1, 2, 4, 8):
        code = {1: "B", 2: "h", 4: "I", 8: "q"}[width]
        for order in "<>":
            names = {"word": Annotated[int, Code(code)], "a": int, "b": int, "c": int}
            ends = {"a": bits(0), "b": bits(1, 8 * width - 2), "c": bits(8 * width - 1), "layout": Layout(order)}
            cls = packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, **ends}))
            middle = (1 << 8 * width - 2) - 1
            packet = cls(a=1, b=middle - 1, c=1)
            assert (packet.a, packet.b, packet.c) == (1, middle - 1, 1)
            assert packet.data == cls._assemble(cls, (), {"a": 1, "b": middle - 1, "c": 1})
            assert cls.unpack(packet.data).packet_layout.check(packet.data) is None
            for wrong in ({"a": 2}, {"b": middle + 1}, {"b": -1}, {"c": "x"}):
                with pytest.raises((ValueError, TypeError)):
                    cls(**{"a": 0, "b": 0, "c": 0, **wrong})


def test_dtypes_become_layouts():
    native = numpy.dtype([("a", "u1"), ("b", "<i4"), ("c", "<f8", (2, 3)), ("d", "S6")])
    assert PacketLayout.from_dtype(native) == PacketLayout("< a:B; b:i; c:6d; d:6s")
    aligned = numpy.dtype([("a", "u1"), ("b", "<i4"), ("c", "u1")], align=True)
    assert PacketLayout.from_dtype(aligned) == PacketLayout("< a:B; 3x; b:i; c:B; 3x")
    assert PacketLayout.from_dtype(aligned).dtype() == aligned
    nested = numpy.dtype([("point", [("x", ">f4"), ("y", ">f4")]), ("hits", [("t", ">u4"), ("ok", "?")], 2)])
    assert PacketLayout.from_dtype(nested) == PacketLayout(
        "> point_x:f; point_y:f; hits_0_t:I; hits_0_ok:?; hits_1_t:I; hits_1_ok:?"
    )
    assert PacketLayout.from_dtype(">u2") == PacketLayout("> value:H")
    assert PacketLayout.from_dtype([("b", "u1")]) == PacketLayout("< b:B")


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        ([("a", "<u2"), ("b", ">u4")], "'b': it is big-endian, but 'a' is little-endian"),
        ([("a", "O")], "'a'.*Python object"),
        ([("a", "U4")], "'a'.*UTF-32"),
        ([("a", "c16")], "complex"),
        ([("t", "M8[us]")], "a date"),
        ([("x y", "u1")], "not a field name"),
        ({"names": ["a", "b"], "formats": ["<u4", "u1"], "offsets": [0, 2]}, "within 'a'"),
    ],
)
def test_dtypes_that_packets_do_not_have_are_refused(dtype, words):
    with pytest.raises(ValueError, match=words) as fault:
        PacketLayout.from_dtype(numpy.dtype(dtype))
    assert fault.value.status == sluice.Status.E_LAYOUT


def test_fields_tell_what_they_are():
    fields = {one.name: one for one in Everything.packet_layout.fields}
    assert fields["magic"].constant
    assert (fields["gain"].scale, fields["gain"].shift, fields["gain"].unit, fields["gain"].format) == (0.5, -1, "dB", "%.1f")
    assert fields["last"].format == "-"
    assert not fields["flag"].constant


def test_buffers_take_packets_and_files_give_them_back(tmp_path):
    packets = [Transition(pin=i % 128, edge=i % 2, time=i * 1e-3) for i in range(500)]
    with sluice.CircularBuffer(layout=Transition.packet_layout) as buffer:
        buffer.set_primary_sink(tmp_path / "data.dat")
        buffer.add_custom_sink(tmp_path / "data.txt", sluice.WriteMode.TEXT, header=Transition.text_header())
        for packet in packets:
            assert buffer.put(packet)
        buffer.flush()
    lines = (tmp_path / "data.txt").read_text().splitlines(keepends=True)
    assert lines == [Transition.text_header(), *(packet.to_text() for packet in packets)]
    with sluice.PacketFile(tmp_path / "data.dat", Transition) as file:
        assert list(file) == packets
        assert file[7] == packets[7]
        assert file[-3:] == packets[-3:]
        assert file[10:0:-3] == packets[10:0:-3]
        assert isinstance(file[0], Transition)
        assert file.layout is Transition.packet_layout
        assert file.array["info"][3] == packets[3].info


def test_a_sink_takes_the_text_of_a_class(make, tmp_path):
    @packetclass
    class Loud(Transition):
        def to_text(self, separator=", "):
            return f"PIN {self.pin} AT {self.time:.3f}\n"

    for cls, lines in ((Transition, "5, 1, 0.250000\n"), (Loud, "PIN 5 AT 0.250\n")):
        buffer = make(layout=cls)
        buffer.set_primary_sink(tmp_path / f"{cls.__name__}.dat")
        sink = buffer.add_custom_sink(tmp_path / f"{cls.__name__}.txt", sluice.WriteMode.TEXT, cls.to_text, cls.text_header())
        assert sink.formatter is cls.to_text
        buffer.put(cls(pin=5, edge=1, time=0.25))
        buffer.flush()
        assert (tmp_path / f"{cls.__name__}.txt").read_text() == cls.text_header() + lines
    with pytest.raises(TypeError, match="needs a buffer with a layout"):
        make(packet_size=6).add_custom_sink(tmp_path / "none.txt", sluice.WriteMode.TEXT, Transition.to_text)
    assert not (tmp_path / "none.txt").exists()


def test_what_is_no_packet_class_is_refused():
    with pytest.raises(TypeError, match="no subclass"):
        packetclass(int)
    with pytest.raises(TypeError, match="no packet class"):
        PacketLayout.from_class(int)
    with pytest.raises(TypeError, match="no packet class"):
        sluice.FIFO(layout=FixedSizePacketBase)
    with pytest.raises(TypeError, match="has no fields"):
        FixedSizePacketBase.unpack(b"")
    with pytest.raises(TypeError, match="no field is declared before"):
        packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": {"a": int}, "a": bits(0)}))
    with pytest.raises(TypeError, match=r"P\.a: .*no type of a field"):
        packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": {"a": int}}))
    with pytest.raises(TypeError, match="member of Layout"):
        packetclass(type("P", (FixedSizePacketBase,), {"layout": ">"}))
    with pytest.raises(TypeError, match="has no fields"):
        FixedSizePacketBase()
    with pytest.raises(ValueError, match="'data'"):
        PacketLayout("> data:B").packet_class()
    with pytest.raises(ValueError, match="at least one"):
        Code("H", 0)
    with pytest.raises(ValueError, match="no name of a class"):
        PacketLayout("> a:B").packet_class("no name")


def test_a_class_alone_does_not_start_the_engine(script):
    script(
        """
        import os
        import sluice

        @sluice.packetclass
        class P(sluice.FixedSizePacketBase):
            pin: sluice.Format.UNSIGNED_CHAR

        assert P.unpack(b"x").pin == 120
        child = os.fork()
        if child == 0:
            os._exit(0 if P(3).to_text() == "3\\n" else 1)
        assert os.waitpid(child, 0)[1] == 0
        """
    )


def test_the_dtype_is_the_json_of_the_engine():
    layout = Transition.packet_layout
    assert json.loads(layout._numpy())["itemsize"] == layout.dtype().itemsize == 6


def test_what_post_init_sets_hides_a_field():
    @packetclass
    class Shifted(Transition):
        def __post_init__(self):
            self.time = self.time + 100
            self.channel = self.pin * 2

    packet = Shifted(pin=3, edge=1, time=0.5)
    assert (packet.time, packet.channel) == (100.5, 6)
    assert list(packet) == [0xA1, 0x83, 100.5]
    assert vars(packet) == {"time": 100.5, "channel": 6}
    assert packet.to_text() == "3, 1, 0.500000\n"
    assert Shifted.unpack(packet.data) == packet
    assert vars(Transition.unpack(packet.data)) == {}


def test_a_post_init_that_raises_leaves_nothing_behind():
    class Broken(Transition):
        def __post_init__(self):
            if self.pin:
                raise KeyError(self.pin)

    data = Transition(pin=3, edge=1, time=0.5).data
    with pytest.raises(KeyError):
        Broken.unpack(data)
    gc.collect()
    before = sys.getrefcount(data), sys.getrefcount(Broken)
    for _ in range(200):
        with pytest.raises(KeyError):
            Broken.unpack(data)
        with pytest.raises(KeyError):
            Broken(pin=3, edge=1, time=0.5)
    gc.collect()
    assert (sys.getrefcount(data), sys.getrefcount(Broken)) == before
    assert isinstance(Broken.unpack(Transition(pin=0, edge=0, time=0).data), Broken)


def test_reference_counts_are_exact():
    packet = Everything(
        samples=(1, -2, 3.5), flag=True, code=b"x", level=0.25, gain=2, label=b"abc", temperature=21.5, last=1e300
    )
    data = bytes(packet.data)
    broken = b"?" + data[1:]
    watched = [Everything, Everything._native, data, broken, packet]

    def counts():
        gc.collect()
        return [sys.getrefcount(watched[i]) for i in range(len(watched))]

    def use():
        one = Everything.unpack(data)
        for name in (*Everything.fields, "mode", "gain"):
            getattr(one, name)
        assert list(one) == list(packet) and hash(one) == hash(packet) and one == packet and one != data
        memoryview(one).release()
        repr(one), bytes(one), one.pack(), pickle.loads(pickle.dumps(one)), copy.copy(one)
        for wrong in (lambda: Everything.unpack(broken), lambda: Everything.unpack(data[1:]), lambda: Everything.unpack(5)):
            with pytest.raises((ValueError, TypeError)):
                wrong()
        with pytest.raises(AttributeError):
            one.word = 3
        with pytest.raises(AttributeError):
            del one.word
        with pytest.raises(AttributeError):
            one.nothing

    use()
    before = counts()
    for _ in range(100):
        use()
    assert counts() == before


def test_instances_and_classes_are_collected():
    @packetclass
    class Short(FixedSizePacketBase):
        pin: Format.UNSIGNED_CHAR

        def __post_init__(self):
            self.me = self

    packet = Short(3)
    gone, kind = weakref.ref(packet), weakref.ref(Short)
    assert gone() is packet
    del packet
    gc.collect()
    assert gone() is None
    Short.last = Short(4)
    del Short
    gc.collect()
    assert kind() is None


def test_a_packet_is_its_bytes():
    packet = Transition(pin=3, edge=1, time=0.5)
    assert memoryview(packet) == packet.data
    assert memoryview(packet).readonly
    assert numpy.frombuffer(packet, Transition.packet_layout.dtype())["info"] == packet.info
    data = packet.data
    assert Transition.unpack(data).data is data  # nothing is copied
    assert Transition.unpack(packet) == packet
    assert packet in {packet}
    assert copy.deepcopy(packet) == packet


def test_subclasses_of_packet_classes():
    class Loud(Transition):
        def to_text(self, separator=", "):
            return "LOUD"

    class Cached(Transition):
        __slots__ = ("ns",)

        def __post_init__(self):
            self.ns = round(self.time * 1e9)

        @functools.cached_property
        def pair(self):
            return self.pin, self.edge

    class Reversed(Transition):
        @classmethod
        def unpack(cls, data):
            return super().unpack(data[::-1])

    class Other(Transition):
        pass

    class Both(Loud, Other):
        pass

    packet = Transition(pin=3, edge=1, time=0.5)
    assert Loud.unpack(packet.data).to_text() == "LOUD"
    assert type(Loud.unpack(packet.data)) is type(Loud(pin=3, edge=1, time=0.5)) is Loud
    assert Loud.unpack(packet.data) != packet
    assert Cached.unpack(packet.data).ns == 500_000_000
    assert Cached.unpack(packet.data).pair == (3, 1)
    assert Reversed.unpack(packet.data[::-1]).pin == 3
    assert type(Reversed.unpack(packet.data[::-1])) is Reversed
    assert Both.unpack(packet.data).to_text() == "LOUD"
    assert packet.unpack(packet.data) == packet
    assert pickle.loads(pickle.dumps(Transition.unpack))(packet.data) == packet
    with pytest.raises(ValueError, match="Loud: field 'header'"):
        Loud.unpack(b"\0" + packet.data[1:])


def test_constants_are_class_values():
    assert (Trigger.header, Everything.magic, Everything.mode) == (0xAA, b"RUN\0", 2)
    assert repr(Trigger.pin) == "<field 'pin' at byte 1>"
    assert repr(Transition.edge) == "<bits 7 to 7 at byte 1, 'edge'>"
    for code, constant in ((Code("B"), 300), (Code("s", 2), b"abc")):
        names = {"a": Annotated[object, code]}
        with pytest.raises(ValueError, match=f"'a' cannot be {constant!r}"):
            packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, "a": constant}))
    names = {"a": Annotated[object, Code("B")], "b": int}
    with pytest.raises(ValueError, match="'b' cannot be 4: its bits hold 0 to 3"):
        packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, "b": bits(2, 3, constant=4)}))
    with pytest.raises(ValueError, match="bits 6 to 8 of 'b' are not all among"):
        packetclass(type("P", (FixedSizePacketBase,), {"__annotations__": names, "b": bits(6, 8)}))


def test_a_field_reads_packets_alone():
    descriptor = vars(Everything)["last"]
    with pytest.raises(TypeError, match="'last' is of a packet class"):
        descriptor.__get__(b"x" * 100, bytes)
    with pytest.raises(TypeError, match="another packet class"):
        descriptor.__get__(Trigger(pin=1, timestamp=2), Trigger)

    class Unfilled(Trigger):
        def __init__(self):
            pass

    empty = Unfilled()
    for use in (lambda: empty.pin, lambda: empty.data, lambda: list(empty), lambda: memoryview(empty), lambda: len(empty)):
        with pytest.raises(AttributeError, match="no bytes yet"):
            use()
    with sluice.FIFO(layout=Trigger) as buffer:
        buffer.put(Trigger(pin=1, timestamp=2))
        with pytest.raises(AttributeError, match="no bytes yet"):
            buffer.put(empty)


def test_statistics_count_what_went_through(tmp_path):
    statistics = sluice.PacketStatistics()
    with sluice.FIFO(layout=Trigger) as buffer:
        buffer.set_primary_sink(tmp_path / "data.dat", "# header\n")
        for number in range(3):
            assert buffer.put_many(Trigger(pin=pin, timestamp=number) for pin in range(10)) == 10
            statistics.update(10, *buffer.flush())
        assert statistics == sluice.PacketStatistics(30, 30, 180)
        assert statistics.to_dict() == {"packets_processed": 30, "packets_written": 30, "bytes_written": 180}
        buffer.put(Trigger(pin=1, timestamp=2))
        assert sluice.PacketStatistics.from_stats(buffer.stats()) == sluice.PacketStatistics(31, 30, 180)
    statistics.reset()
    assert statistics == sluice.PacketStatistics()
