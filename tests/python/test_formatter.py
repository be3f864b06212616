"""Packets as text in memory, as Python sees it: against Python's own csv and json readers and %-formatting."""

import csv
import io
import json
import random
import struct
import threading

import pytest

import sluice
from sluice import PacketFormatter, TextStyle

EVENTS = "> header:B=0xA1; info:B{pin:0-6, edge:7}; time:I*1e-6 [s] %.6f"


def test_packets_become_lines():
    formatter = PacketFormatter(EVENTS)
    packets = bytes.fromhex("A1820 00C0354 A10200000001".replace(" ", ""))
    assert formatter.format(packets) == b"2, 1, 0.787284\n2, 0, 0.000001\n"
    assert formatter.format(bytearray(packets)) == formatter.format(memoryview(packets))
    assert formatter.format(b"") == b""
    assert formatter.header() == "# pin, edge, time [s]\n"
    assert formatter.layout == sluice.PacketLayout(EVENTS)
    assert formatter.style is TextStyle.PLAIN


def test_options():
    formatter = PacketFormatter("<a:B; b:B", separator=" | ", line_end="\r\n", comment="")
    assert formatter.format(bytes([1, 2, 3, 4])) == b"1 | 2\r\n3 | 4\r\n"
    assert formatter.header() == "a | b\r\n"


def test_csv_reads_back_with_the_csv_module():
    names = [b"plain", b"a,b", b'say "hi"', b"two\nlines", b"", b"caf\xc3\xa9", b" blank "]
    layout = "< name:12s; value:d; count:i; tag:c"
    packets = b"".join(struct.pack("<12sdic", name, 0.1 * i, -i, b",") for i, name in enumerate(names))
    formatter = PacketFormatter(layout, "csv")
    text = formatter.header() + formatter.format(packets).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == ["name", "value", "count", "tag"]
    assert rows[1:] == [
        [name.decode(), repr(0.1 * i), str(-i), ","] for i, name in enumerate(names)
    ]


def test_json_lines_read_back_with_the_json_module():
    layout = "< name:8s; value:d; ok:?; readings:3h; mask:B %#04x; exact:f %.2f; letter:c"
    values = [
        (b"plain", 1.5, True, (1, -2, 3), 10, 2.0, b"x"),
        (b'q"\\\n\x01', float("nan"), False, (0, 0, 0), 255, float("inf"), b'"'),
        (b"caf\xc3\xa9", float("-inf"), True, (-32768, 32767, 1), 0, -0.004, b"\x00"),
        (b"\xff\xfe", 1e300, True, (1, 1, 1), 1, 1e10, b"\xe9"),
    ]
    packets = b"".join(
        struct.pack("<8sd?3hBfc", name, value, ok, *readings, mask, exact, letter)
        for name, value, ok, readings, mask, exact, letter in values
    )
    formatter = PacketFormatter(layout, style=TextStyle.JSON_LINES)
    assert formatter.header() == ""
    objects = [json.loads(line) for line in formatter.format(packets).decode().splitlines()]
    assert objects == [
        {"name": "plain", "value": 1.5, "ok": True, "readings": [1, -2, 3], "mask": "0x0a", "exact": 2.0, "letter": "x"},
        {"name": 'q"\\\n\x01', "value": None, "ok": False, "readings": [0, 0, 0], "mask": "0xff", "exact": None, "letter": '"'},
        {"name": "café", "value": None, "ok": True, "readings": [-32768, 32767, 1], "mask": "0000", "exact": 0.0, "letter": "\x00"},
        {"name": "ÿþ", "value": 1e300, "ok": True, "readings": [1, 1, 1], "mask": "0x01", "exact": 1e10, "letter": "é"},
    ]  # fmt: skip


def test_large_texts_grow():
    formatter = PacketFormatter("<v:d %900.3f")
    packets = struct.pack("<d", -2.5) * 3000
    assert formatter.format(packets) == (b"%900.3f\n" % -2.5) * 3000
    formatter = PacketFormatter("<a:q; b:d")
    values = [(random.getrandbits(63), random.random()) for _ in range(20000)]
    packets = b"".join(struct.pack("<qd", *value) for value in values)
    assert formatter.format(packets).decode() == "".join(f"{a}, {b!r}\n" for a, b in values)


def test_a_string_beyond_every_scratch_memory():
    formatter = PacketFormatter("<a:B; text:70000s; b:B", "json_lines")
    text = bytes(random.choices(b'ab"\\\x02', k=70000))
    line = formatter.format(bytes([1]) + text + bytes([2]))
    assert json.loads(line) == {"a": 1, "text": text.decode(), "b": 2}


def test_wrong_sizes_and_options_are_said():
    formatter = PacketFormatter("<a:H")
    with pytest.raises(ValueError, match="3 bytes are not a multiple of the packet's 2 bytes"):
        formatter.format(b"abc")
    with pytest.raises(TypeError):
        formatter.format("abc")
    with pytest.raises(ValueError, match="style is 'xml', it must be one of plain, csv"):
        PacketFormatter("<a:H", "xml")
    with pytest.raises(ValueError, match="separator"):
        PacketFormatter("<a:H", "csv", separator="1")
    with pytest.raises(ValueError, match="no field"):
        PacketFormatter("<a:H -")
    with pytest.raises(TypeError):
        PacketFormatter(12)


def test_threads_share_a_formatter():
    formatter = PacketFormatter("<a:Q; b:d")
    results = {}

    def work(seed):
        values = [(seed * 1000 + i, i / 7) for i in range(2000)]
        packets = b"".join(struct.pack("<Qd", *value) for value in values)
        expected = "".join(f"{a}, {b!r}\n" for a, b in values).encode()
        results[seed] = all(formatter.format(packets) == expected for _ in range(20))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), True)
