"""What is in a packet, as Python sees it."""

import pickle
import struct

import numpy
import pytest

import sluice
from sluice import PacketLayout

TEXT = "> header:B=0xA1; pin:B; time:I*1e-6 [s] %.6f; adc:H"


def test_a_layout_knows_its_fields():
    layout = PacketLayout(TEXT)
    assert layout.size == 8
    assert [(field.name, field.type, field.offset, field.size) for field in layout.fields] == [
        ("header", "B", 0, 1),
        ("pin", "B", 1, 1),
        ("time", "I", 2, 4),
        ("adc", "H", 6, 2),
    ]
    assert all(field.count == 1 and field.bits == 0 for field in layout.fields)


def test_the_canonical_text_makes_an_equal_layout():
    layout = PacketLayout(TEXT)
    again = PacketLayout(layout.text)
    assert again == layout
    assert again.text == layout.text
    assert hash(again) == hash(layout)
    assert layout != PacketLayout("> pin:B")
    assert layout != TEXT
    assert pickle.loads(pickle.dumps(layout)) == layout
    assert eval(repr(layout)) == layout


def test_the_dtype_reads_packets():
    layout = PacketLayout(TEXT)
    data = struct.pack(">BBIH", 0xA1, 3, 123456, 789) * 2
    array = numpy.frombuffer(data, layout.dtype())
    assert layout.dtype().itemsize == 8
    assert array["pin"].tolist() == [3, 3]
    assert array["time"].tolist() == [123456] * 2
    assert array["adc"].tolist() == [789] * 2


@pytest.mark.parametrize("name", ["plasduino-digital", "plasduino-analog", "jitter"])
def test_layouts_that_ship_have_names(name):
    layout = PacketLayout(name)
    assert layout.size == layout.dtype().itemsize > 0
    assert PacketLayout(layout.text) == layout


@pytest.mark.parametrize("text", ["", "> pin:Z", "no-such-layout", "> pin:B; pin:B"])
def test_a_wrong_description_is_a_value_error_with_a_text(text):
    with pytest.raises(sluice.SluiceError) as fault:
        PacketLayout(text)
    assert isinstance(fault.value, ValueError)
    assert fault.value.status == sluice.Status.E_LAYOUT
    assert len(fault.value.message) > 10


def test_layouts_take_text():
    for wrong in (5, None, b"> pin:B"):
        with pytest.raises(TypeError):
            PacketLayout(wrong)
    with pytest.raises(ValueError, match="null character"):
        PacketLayout("> pin:B\0")


def test_check_names_packet_and_field():
    layout = PacketLayout(TEXT)
    good = struct.pack(">BBIH", 0xA1, 3, 1, 2)
    bad = struct.pack(">BBIH", 0xA2, 3, 1, 2)
    layout.check(good * 10)
    layout.check(bytearray(good))
    with pytest.raises(sluice.SluiceError, match="header") as fault:
        layout.check(good * 4 + bad)
    assert fault.value.status == sluice.Status.E_CONSTANT
    assert "4" in fault.value.message
    with pytest.raises(sluice.SluiceError) as fault:
        layout.check(good[:-1])
    assert fault.value.status == sluice.Status.E_SIZE
    with pytest.raises(TypeError):
        layout.check("text")


def test_a_buffer_of_a_layout_checks_size_and_constants(make):
    layout = PacketLayout(TEXT)
    buffer = make(layout=layout)
    assert buffer.layout is layout
    assert buffer.packet_size == layout.size
    good = struct.pack(">BBIH", 0xA1, 3, 1, 2)
    bad = struct.pack(">BBIH", 0xA2, 3, 1, 2)
    assert buffer.put(good)
    for packet in (bad, bytearray(bad)):
        with pytest.raises(sluice.SluiceError, match="header") as fault:
            buffer.put(packet)
        assert fault.value.status == sluice.Status.E_CONSTANT
    assert len(buffer) == 1
    assert buffer.stats()["rejected"] == 2
    with pytest.raises(sluice.SluiceError, match="header"):
        buffer.put_many(good * 2 + bad + good)
    assert len(buffer) == 3


def test_layout_and_packet_size_must_agree(make):
    assert make(layout=TEXT, packet_size=8).packet_size == 8
    with pytest.raises(sluice.SluiceError, match="packet_size is 9 bytes, but the layout has 8"):
        make(layout=TEXT, packet_size=9)


def test_a_buffer_outlives_its_layout(make, tmp_path):
    buffer = make(layout=PacketLayout("> a:H %d"))
    buffer.set_primary_sink(tmp_path / "a.dat")
    buffer.add_custom_sink(tmp_path / "a.txt", sluice.WriteMode.TEXT)
    buffer.put(b"\x01\x02")
    buffer.flush()
    assert (tmp_path / "a.txt").read_text() == "258\n"


FAR = "< id:Q; text:3s; mark:H=0xBEEF; status:I{version:4-7=3, flags:0-3}; tail:B=7"


@pytest.mark.parametrize("text", [FAR, "< id:Q; mark:B=7", "< mark:B=7; id:Q; tail:B=8"])
def test_a_put_checks_the_constants_behind_the_first_eight_bytes_too(make, text):
    layout = PacketLayout(text)
    good = layout._template()
    constants = [one for one in layout.fields if one.constant]
    buffer = make(layout=layout, capacity=1 << 20)
    assert buffer.put(good)
    for one in constants:
        bad = bytearray(good)
        bad[one.offset] ^= 1 << one.bit
        for use in (buffer.put, buffer.put_many, lambda bad: buffer.put_many([bad])):
            with pytest.raises(ValueError, match=f"field '{one.name}' is") as fault:
                use(bad)
            assert fault.value.status == sluice.Status.E_CONSTANT
        with pytest.raises(ValueError, match=one.name):
            buffer.put_many(good * 3 + bad + good * 2)
        with pytest.raises(ValueError, match=one.name):
            buffer.put_many(good * 20_000 + bad + good)
        assert len(buffer) == 20_004
        buffer.clear()
        buffer.put(good)
    assert buffer.stats()["rejected"] == len(constants) * (3 + 3 + 2)
    assert buffer.pop() == good
