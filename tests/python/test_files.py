"""Packets out of files."""

import builtins
import gc
import os
import struct
import warnings
from pathlib import Path

import numpy
import pytest

import sluice
from sluice import PacketFile, PacketLayout

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
RUNS = Path(os.environ.get("SLUICE_SHARED_DATA") or ROOT.parent / "shared" / "data") / "plasduino"
TEXT = "> mark:B=0xA1; pin:B; time:I*1e-6 [s] %.6f; adc:H"


def packet(index, mark=0xA1):
    return struct.pack(">BBIH", mark, index % 7, index * 1000, index % 4096)


@pytest.fixture
def path(tmp_path):
    """A file of 100 packets."""
    (tmp_path / "data.dat").write_bytes(b"".join(map(packet, range(100))))
    return tmp_path / "data.dat"


def maps(path):
    return sum(str(path) in line for line in Path("/proc/self/maps").read_text().splitlines())


def test_a_file_is_a_sequence_of_packets(path):
    with PacketFile(path, TEXT) as file:
        expected = [packet(i) for i in range(100)]
        assert len(file) == 100
        assert list(file) == expected
        assert file[0] == expected[0]
        assert file[-1] == expected[-1]
        for part in (slice(3, 9), slice(None), slice(95, 300), slice(20, 10), slice(-5, None), slice(1, 50, 7)):
            assert file[part] == expected[part]
            assert file[part.stop : part.start : -1] == expected[part.stop : part.start : -1]
        assert file.read() == b"".join(expected)
        assert file.read(98) == b"".join(expected[98:])
        assert file.read(10, 2) == b"".join(expected[10:12])
        assert file.read(100) == b""
        assert packet(7) in file
        for wrong in (100, -101):
            with pytest.raises(IndexError, match=f"packet {wrong} of a file of 100"):
                file[wrong]
        for first, packets in ((101, None), (0, 101), (-1, None), (0, -1)):
            with pytest.raises(IndexError):
                file.read(first, packets if first != 101 else 1)
        with pytest.raises(TypeError):
            file["time"]
        assert (file.packet_size, file.header_bytes, file.path) == (8, 0, path)
        assert file.layout == PacketLayout(TEXT)
        assert "100 packets of 8 bytes" in repr(file)
    assert "closed" in repr(file)


def test_the_array_is_the_file_in_place(path):
    with PacketFile(str(path), PacketLayout(TEXT)) as file:
        array = file.array
        assert array.shape == (100,)
        assert array["time"].tolist() == [i * 1000 for i in range(100)]
        assert array["adc"].dtype == numpy.dtype(">u2")
        assert not array.flags.writeable
        assert not array.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            array["pin"][0] = 1
        assert maps(path) == 1
    assert array["time"].sum() == sum(range(100)) * 1000  # the file is closed, the mapping is the array's
    part = array[10:20]["pin"]
    del array, file
    gc.collect()
    assert part.tolist() == [i % 7 for i in range(10, 20)]
    assert maps(path) == 1
    del part
    gc.collect()
    assert maps(path) == 0


def test_an_array_made_by_hand_outlives_the_file_too(path):
    with PacketFile(path, TEXT) as file:
        array = numpy.ndarray(shape=(100,), dtype=PacketLayout(TEXT).dtype(), buffer=memoryview(file))
        view = memoryview(file)
    del file
    gc.collect()
    assert array["time"][99] == 99000
    assert bytes(view[-8:]) == packet(99)
    del array, view
    gc.collect()
    assert maps(path) == 0


def test_without_a_layout_packets_have_a_size_only(path):
    with PacketFile(path, packet_size=8) as file:
        assert file.layout is None
        assert file[3] == packet(3)
        assert file.array.dtype == numpy.dtype("V8")
        assert file.array[3].tobytes() == packet(3)
        with pytest.raises(sluice.SluiceError, match="without a layout"):
            file.check()


def test_a_torn_tail_is_told(path):
    with open(path, "ab") as writer:
        writer.write(b"abc")
    with pytest.warns(RuntimeWarning, match=r"3 bytes from offset 800 .* the 100 before them are readable"):
        file = PacketFile(path, TEXT)
    assert (len(file), file.torn_offset, file.torn_bytes) == (100, 800, 3)
    assert file.array.shape == (100,)
    assert list(file)[-1] == packet(99)
    file.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with PacketFile(path, packet_size=803) as whole:
            assert (whole.torn_offset, whole.torn_bytes, len(whole)) == (None, 0, 1)


def test_a_header_is_skipped(tmp_path):
    header = "# run 12, °C\n"
    with sluice.FIFO(layout=TEXT) as buffer:
        buffer.set_primary_sink(tmp_path / "run.dat", header)
        buffer.put_many(b"".join(map(packet, range(10))))
        buffer.flush()
    with PacketFile(tmp_path / "run.dat", TEXT, header_bytes=len(header.encode()), check_constants=True) as file:
        assert file[:] == [packet(i) for i in range(10)]
        assert file.array["adc"].tolist() == list(range(10))
        assert file.header_bytes == 14
    with pytest.raises(ValueError, match="94 bytes, fewer than the header of 95"):
        PacketFile(tmp_path / "run.dat", TEXT, header_bytes=95)


def test_a_file_that_is_still_written_is_followed(tmp_path):
    with sluice.FIFO(layout=TEXT) as buffer:
        buffer.set_primary_sink(tmp_path / "run.dat")
        with PacketFile(tmp_path / "run.dat", TEXT) as file:
            assert len(file) == 0
            assert list(file) == []
            assert file.array.shape == (0,)
            before = file.array
            for i in range(1000):
                buffer.put(packet(i))
                buffer.flush()
                assert file.refresh() == 1
                assert file[-1] == packet(i)
                assert file.array["time"][-1] == i * 1000
            assert len(file) == len(file.array) == 1000
            assert before.shape == (0,)


def test_a_file_that_was_cut_is_an_error(path):
    with PacketFile(path, TEXT) as file:
        os.truncate(path, 81)
        for read in (file.read, file.refresh, file.check, lambda: file.array, lambda: list(file), lambda: file[50]):
            with pytest.raises(OSError, match="was cut to 81 bytes") as fault:
                read()
            assert fault.value.filename == path
        assert file[9] == packet(9)
        assert file.read(0, 10) == b"".join(map(packet, range(10)))


def test_constants_are_checked(path):
    with open(path, "r+b") as writer:
        writer.seek(41 * 8)
        writer.write(b"\x42")
    with PacketFile(path, TEXT) as file:
        assert file[41] == packet(41, 0x42)
        with pytest.raises(ValueError, match=r"data\.dat', packet 41: field 'mark' is 0x42, expected 0xA1") as fault:
            file.check()
        assert fault.value.status == sluice.Status.E_CONSTANT
    with PacketFile(path, TEXT, check_constants=True) as file:
        assert file[40] == packet(40)
        for read in (file.read, lambda: file.array, lambda: list(file), lambda: file[41]):
            with pytest.raises(ValueError, match="packet 41"):
                read()


def test_what_is_no_file_of_packets_is_refused(tmp_path, path):
    with pytest.raises(FileNotFoundError) as fault:
        PacketFile(tmp_path / "none.dat", TEXT)
    assert fault.value.filename == tmp_path / "none.dat"
    with pytest.raises(ValueError, match="directory"):
        PacketFile(tmp_path, TEXT)
    with pytest.raises(TypeError, match="needs a layout or a packet_size"):
        PacketFile(path)
    with pytest.raises(ValueError, match="8"):
        PacketFile(path, TEXT, packet_size=9)
    with pytest.raises(TypeError):
        PacketFile(path, 7)
    for wrong in ({"packet_size": 0}, {"packet_size": -3}, {"packet_size": 1 << 40}, {"layout": TEXT, "header_bytes": -1}):
        with pytest.raises(ValueError, match=r"must be"):
            PacketFile(path, **wrong)
    with pytest.raises(TypeError):
        PacketFile(None, TEXT)


def test_a_closed_file_says_so(path):
    file = PacketFile(path, TEXT)
    file.close()
    file.close()
    assert file.closed
    for use in (lambda: len(file), lambda: file[0], file.read, file.refresh, lambda: file.array, lambda: memoryview(file)):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_numpy_is_asked_for_only_by_the_array(path, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "numpy":
            raise ImportError("no numpy here")
        return real(name, *rest)

    with PacketFile(path, TEXT) as file:
        monkeypatch.setattr(builtins, "__import__", without)
        assert file[1] == packet(1)
        with pytest.raises(ImportError, match=r"PacketFile\.array needs NumPy"):
            file.array  # noqa: B018


@pytest.mark.parametrize(
    ("run", "layout", "packets"), [("0101_000003", "plasduino-digital", 2055), ("0101_000395", "plasduino-analog", 12668)]
)
def test_recorded_runs_are_read_back(run, layout, packets):
    if not RUNS.exists():
        pytest.skip(f"the recorded runs are not there: no folder {RUNS} (SLUICE_SHARED_DATA names another place)")
    with PacketFile(RUNS / run / "data.dat", layout, check_constants=True) as file:
        lines = [line for line in (RUNS / run / "data.txt").read_text().splitlines() if not line.startswith("#")]
        assert len(file) == len(lines) == packets
        assert b"".join(file) == (RUNS / run / "data.dat").read_bytes()
        seconds = file.array["time"] * (1e-6 if layout == "plasduino-digital" else 1e-3)
        column = 2 if layout == "plasduino-digital" else 1
        digits = 6 if layout == "plasduino-digital" else 3
        assert [f"{one:.{digits}f}" for one in seconds] == [line.split(", ")[column] for line in lines]
