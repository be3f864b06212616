"""Text sinks: styles, and formatters that take many packets at once."""

import os
import struct
import subprocess

import numpy
import pytest

import sluice
from sluice import TextStyle, WriteMode


def records(count):
    return [struct.pack(">BIH", 7, index * 1000, index % 4096) for index in range(count)]


def as_text(packet):
    pin, ticks, adc = struct.unpack(">BIH", packet)
    return f"{pin}, {ticks * 1e-6:.6f}, {adc}\n"


def xxd(path):
    return subprocess.run(["xxd", str(path)], capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize("style", [TextStyle.HEXDUMP, "hexdump", "HexDump"])
def test_a_dump_is_what_xxd_makes_of_the_verbatim_file(make, tmp_path, style):
    buffer = make(packet_size=48)
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.hex", WriteMode.TEXT, style=style)
    for count in (1, 100, 1000):
        buffer.put_many(os.urandom(48 * count))
        buffer.flush()
    assert (tmp_path / "data.hex").read_text() == xxd(tmp_path / "data.dat")


@pytest.mark.parametrize("size", [None, 7])
def test_hex_styles_write_a_line_per_packet_without_a_layout(make, tmp_path, size):
    buffer = make(packet_size=size)
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "plain", WriteMode.TEXT, header="# hex\n", style="hex")
    buffer.add_custom_sink(tmp_path / "spaced", WriteMode.TEXT, style="hex-spaced")
    dashes = {"style": "hex_spaced", "separator": "-", "line_end": ";"}
    buffer.add_custom_sink(tmp_path / "dashes", WriteMode.TEXT, **dashes)
    buffer.add_custom_sink(tmp_path / "dump", WriteMode.TEXT, style="hexdump")
    packets = records(500) if size else [os.urandom(index % 40) for index in range(500)]
    buffer.put_many(packets)
    buffer.flush()
    assert (tmp_path / "plain").read_text() == "# hex\n" + "".join(one.hex() + "\n" for one in packets)
    assert (tmp_path / "spaced").read_text() == "".join(one.hex(" ") + "\n" for one in packets)
    assert (tmp_path / "dashes").read_text() == "".join(one.hex("-") + ";" for one in packets)
    offsets = numpy.cumsum([0, *map(len, packets)])
    assert (tmp_path / "dump").read_text() == "".join(
        sluice.hexdump(one, int(offset)) for one, offset in zip(packets, offsets)
    )


def test_styles_of_a_layout_by_name(make, tmp_path):
    buffer = make(layout="> pin:B; name:4s")
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "csv", WriteMode.TEXT, style="csv", layout_header=True, line_end="\r\n")
    buffer.add_custom_sink(tmp_path / "jsonl", WriteMode.TEXT, style=TextStyle.JSONL)
    buffer.put(b"\x05a,\"b")
    buffer.flush()
    assert (tmp_path / "csv").read_bytes() == b'pin,name\r\n5,"a,""b"\r\n'
    assert (tmp_path / "jsonl").read_text() == '{"pin":5,"name":"a,\\"b"}\n'


def test_styles_that_cannot_be(make, tmp_path):
    buffer = make(packet_size=7)
    choices = "plain, csv, json-lines, hex, hex-spaced, hexdump"
    with pytest.raises(ValueError, match=f"style is 'xml', it must be one of {choices}"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, style="xml")
    with pytest.raises(ValueError, match="style is 'hex', but a formatter"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, as_text, style="hex")
    with pytest.raises(ValueError, match="style is 'hex', but a binary sink"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.BINARY, style="hex")
    with pytest.raises(ValueError, match="there is no formatter"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, per_batch=True)
    with pytest.raises(ValueError, match="separator"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, style="hex-spaced", separator=", ")
    with pytest.raises(ValueError, match="layout_header"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, style="hexdump", layout_header=True)
    with pytest.raises(sluice.SluiceError, match="layout"):
        buffer.add_custom_sink(tmp_path / "a", WriteMode.TEXT, style="csv")
    assert list(tmp_path.iterdir()) == []


def test_a_formatter_of_batches_gets_packets_back_to_back(make, tmp_path):
    buffer = make(packet_size=7)
    calls = []

    def lines(packets):
        assert type(packets) is bytes
        calls.append(len(packets) // 7)
        return "".join(as_text(packets[at : at + 7]) for at in range(0, len(packets), 7))

    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.csv", WriteMode.TEXT, lines, "# head\n", per_batch=True)
    buffer.put_many(records(20_000))
    buffer.flush()
    assert (tmp_path / "data.csv").read_text() == "# head\n" + "".join(map(as_text, records(20_000)))
    assert 20_000 <= sum(calls) < 22_000  # some twice, where a guess at the room was wrong
    assert len(calls) < 50


def test_a_formatter_of_batches_with_numpy(make, tmp_path):
    layout = sluice.PacketLayout("> pin:B; time:I; adc:H")
    buffer = make(layout=layout)

    def sums(packets):
        array = numpy.frombuffer(packets, layout.dtype())
        return "".join(f"{value}\n" for value in array["time"] + array["adc"])

    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "sums", WriteMode.TEXT, sums, per_batch=True)
    buffer.put_many(records(3000))
    buffer.flush()
    assert (tmp_path / "sums").read_text() == "".join(f"{i * 1000 + i % 4096}\n" for i in range(3000))


def test_a_formatter_of_batches_gets_a_list_of_packets_of_any_size(make, tmp_path):
    buffer = make()
    packets = [os.urandom(index % 50) for index in range(5000)]
    calls = []

    def reverse(batch):
        assert type(batch) is list
        calls.append(len(batch))
        return b"".join(one[::-1] for one in batch)

    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "reversed", WriteMode.BINARY, reverse, per_batch=True)
    buffer.put_many(packets)
    buffer.flush()
    assert (tmp_path / "reversed").read_bytes() == b"".join(one[::-1] for one in packets)
    assert 5000 <= sum(calls) < 5500  # some twice, where a guess at the room was wrong
    assert len(calls) < 50


def test_batches_shrink_until_their_text_fits(make, tmp_path):
    buffer = make(packet_size=4)

    def lengthy(packets):
        numbers = struct.unpack(f">{len(packets) // 4}I", packets)
        return "".join("x" * (number % 9 * 30_000) + "\n" for number in numbers)

    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.txt", WriteMode.TEXT, lengthy, per_batch=True)
    buffer.add_custom_sink(
        tmp_path / "rotated.txt", WriteMode.TEXT, lengthy, per_batch=True, rotate_bytes=300_000
    )
    buffer.put_many(numpy.arange(200, dtype=">u4"))
    buffer.flush()
    buffer.close()
    expected = "".join("x" * (number % 9 * 30_000) + "\n" for number in range(200))
    assert (tmp_path / "data.txt").read_text() == expected
    files = [tmp_path / "rotated.txt"]
    rotated = len(list(tmp_path.glob("rotated.*.txt")))
    files += [tmp_path / f"rotated.{index}.txt" for index in range(1, rotated + 1)]
    assert "".join(path.read_text() for path in files) == expected
    assert all(path.stat().st_size <= 300_000 for path in files)
    assert len(files) < 120


@pytest.mark.parametrize("size", [None, 300_000])
def test_a_call_gets_a_megabyte_of_packets_at_most(make, tmp_path, size):
    buffer = make(packet_size=size, capacity=8 << 20)
    calls = []

    def short(packets):
        many = packets if size is None else [packets[at : at + size] for at in range(0, len(packets), size)]
        calls.append(sum(map(len, many)))
        return "".join(f"{one[0]}\n" for one in many)

    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.txt", WriteMode.TEXT, short, per_batch=True)
    buffer.put_many([bytes([index]) * 300_000 for index in range(20)])
    buffer.flush()
    assert (tmp_path / "data.txt").read_text() == "".join(f"{index}\n" for index in range(20))
    assert 300_000 < max(calls) <= 1 << 20


def test_an_exception_keeps_the_packets_of_the_batch(make, tmp_path):
    buffer = make(packet_size=7)
    broken = [True]

    def fussy(packets):
        if broken[0] and records(900)[850] in packets:
            raise LookupError("no such pin")
        return "".join(as_text(packets[at : at + 7]) for at in range(0, len(packets), 7))

    buffer.set_primary_sink(tmp_path / "data.dat")
    sink = buffer.add_custom_sink(tmp_path / "data.csv", WriteMode.TEXT, fussy, per_batch=True)
    buffer.put_many(records(900))
    for _ in range(2):
        with pytest.raises(sluice.SluiceError) as fault:
            buffer.flush()
        assert isinstance(fault.value.__cause__, LookupError)
    assert sink.info().packets + len(buffer) == 900
    broken[0] = False
    buffer.flush()
    assert (tmp_path / "data.csv").read_text() == "".join(map(as_text, records(900)))


@pytest.mark.parametrize("made", [None, b"bytes", 5])
def test_a_formatter_of_batches_that_returns_no_text(make, tmp_path, made):
    buffer = make(packet_size=7)
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.add_custom_sink(tmp_path / "data.csv", WriteMode.TEXT, lambda packets: made, per_batch=True)
    buffer.put(records(1)[0])
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.flush()
    assert isinstance(fault.value.__cause__, TypeError)
    assert buffer.discard() == 1


def test_a_formatter_of_packets_keeps_what_it_made_before_it_failed(make, tmp_path):
    buffer = make(packet_size=7)
    broken = [True]

    def fussy(packet):
        if broken[0] and packet == records(6)[3]:
            raise LookupError("no such pin")
        return as_text(packet)

    buffer.set_primary_sink(tmp_path / "data.dat")
    sink = buffer.add_custom_sink(tmp_path / "data.csv", WriteMode.TEXT, fussy)
    buffer.put_many(records(6))
    with pytest.raises(sluice.SluiceError):
        buffer.flush()
    assert sink.info().packets == 3
    assert (tmp_path / "data.csv").read_text() == "".join(map(as_text, records(3)))
    broken[0] = False
    buffer.flush()
    assert (tmp_path / "data.csv").read_text() == "".join(map(as_text, records(6)))
