"""Bytes as hexadecimal text."""

import random
import subprocess

import numpy
import pytest

import sluice


def xxd(data, *options):
    return subprocess.run(["xxd", *options], input=data, capture_output=True, check=True).stdout.decode()


def test_the_forms():
    assert sluice.hex(b"Hello\xff") == "48656c6c6fff"
    assert sluice.hex(b"Hello\xff", " ") == "48 65 6c 6c 6f ff"
    assert sluice.hex(b"\xab\xcd", separator=":", upper=True) == "AB:CD"
    line = "00001234: 4865 6c6c 6fff                           Hello.\n"
    assert sluice.hexdump(b"Hello\xff", 0x1234) == line
    assert (sluice.hex(b""), sluice.hex(b"", " "), sluice.hexdump(b"")) == ("", "", "")


def test_any_bytes_are_as_python_and_xxd_write_them():
    chance = random.Random(1)
    for length in [*range(70), 255, 1000, 4096, 100_000]:
        data = chance.randbytes(length)
        assert sluice.hex(data) == data.hex()
        assert sluice.hex(data, "-") == data.hex("-")
        assert sluice.hex(data, upper=True) == data.hex().upper()
        if length % 10 == 0:
            assert sluice.hexdump(data) == xxd(data)
            offset = 0xFFFFFF00
            assert sluice.hexdump(data, offset, upper=True) == xxd(data, "-u", "-o", str(offset))


def test_any_object_with_bytes_is_taken():
    array = numpy.arange(10, dtype=">u2")
    assert sluice.hex(array) == array.tobytes().hex()
    assert sluice.hex(memoryview(b"abc")[1:]) == "6263"
    assert sluice.hex(bytearray(b"a")) == "61"
    with pytest.raises(TypeError):
        sluice.hex("text")
    with pytest.raises((ValueError, BufferError)):
        sluice.hex(array[::2])


@pytest.mark.parametrize("separator", ["--", "\0", "é"])
def test_a_separator_is_one_character(separator):
    with pytest.raises(ValueError, match="separator is"):
        sluice.hex(b"ab", separator)


@pytest.mark.parametrize("offset", [-1, (1 << 63) + 1])
def test_an_offset_has_a_range(offset):
    with pytest.raises(ValueError, match=f"offset is {offset}"):
        sluice.hexdump(b"ab", offset)
