"""Flushing to files."""

import gc
import os
import resource
import struct
import threading
import time
import weakref

import numpy
import pytest

import sluice
from sluice import WriteMode


def records(count):
    return [struct.pack(">BIH", 7, index * 1000, index % 4096) for index in range(count)]


def as_text(packet):
    pin, ticks, adc = struct.unpack(">BIH", packet)
    return f"{pin}, {ticks * 1e-6:.6f}, {adc}\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def test_flush_writes_binary_and_text_and_counts_both(make, folder):
    buffer = make(packet_size=7)
    primary = buffer.set_primary_sink(folder / "data.dat", b"HEADER")
    custom = buffer.add_custom_sink(folder / "data.csv", WriteMode.TEXT, as_text, "# pin, time, adc\n")
    # The header is there before any packet is.
    assert (folder / "data.dat").read_bytes() == b"HEADER"
    assert (folder / "data.csv").read_text() == "# pin, time, adc\n"

    buffer.put_many(records(500))
    binary, text = b"".join(records(500)), "".join(map(as_text, records(500)))
    assert buffer.flush() == (500, len(binary) + len(text))
    assert buffer.size() == 0
    assert buffer.flush() == (0, 0)
    buffer.put_many(records(3))
    buffer.close()

    assert (folder / "data.dat").read_bytes() == b"HEADER" + binary + b"".join(records(3))
    assert (folder / "data.csv").read_text() == "# pin, time, adc\n" + text + "".join(
        map(as_text, records(3))
    )
    assert (primary.mode, custom.mode) == (WriteMode.BINARY, WriteMode.TEXT)
    assert custom.formatter is as_text
    assert custom.file_path == folder / "data.csv"


def test_packets_of_any_size_are_written_without_their_frames(make, folder):
    buffer = make()
    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.hex", WriteMode.TEXT, lambda packet: packet.hex() + "\n")
    put = [os.urandom(size) for size in (1, 0, 5, 3000, 8)]
    buffer.put_many(put)
    assert buffer.flush()[0] == 5
    assert (folder / "data.dat").read_bytes() == b"".join(put)
    assert (folder / "data.hex").read_text() == "".join(packet.hex() + "\n" for packet in put)


def test_a_layout_writes_the_text_that_python_writes(make, folder):
    buffer = make(layout="> pin:B %d; time:I*1e-6 [s] %.6f; adc:H %d")
    assert buffer.packet_size == 7
    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.csv", WriteMode.TEXT)
    buffer.add_custom_sink(folder / "data.tsv", WriteMode.TEXT, separator="\t", layout_header=True)
    buffer.put_many(records(2000))
    buffer.flush()
    expected = "".join(map(as_text, records(2000)))
    assert (folder / "data.csv").read_text() == expected
    header, rest = (folder / "data.tsv").read_text().split("\n", 1)
    assert header.startswith("# ")
    assert all(name in header for name in ("pin", "time", "adc"))
    assert rest == expected.replace(", ", "\t")
    array = numpy.fromfile(folder / "data.dat", buffer.layout.dtype())
    assert array["adc"].tolist() == [index % 4096 for index in range(2000)]


def test_a_binary_formatter_and_a_second_verbatim_file(make, folder):
    buffer = make(packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "copy.dat", WriteMode.BINARY, header="head")
    buffer.add_custom_sink(folder / "reversed.dat", WriteMode.BINARY, lambda packet: packet[::-1])
    buffer.put_many(records(10))
    buffer.flush()
    assert (folder / "copy.dat").read_bytes() == b"head" + b"".join(records(10))
    assert (folder / "reversed.dat").read_bytes() == b"".join(packet[::-1] for packet in records(10))


def test_long_and_short_text_per_packet(make, folder):
    buffer = make(packet_size=4)
    calls = []

    def lengthy(packet):
        index = int.from_bytes(packet, "big")
        calls.append(index)
        return "é" * (index % 7 * 40000) + "\n"

    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.txt", WriteMode.TEXT, lengthy)
    buffer.put_many(numpy.arange(40, dtype=">u4"))
    buffer.flush()
    assert (folder / "data.txt").read_text() == "".join(
        "é" * (index % 7 * 40000) + "\n" for index in range(40)
    )
    assert calls == list(range(40))  # each packet is formatted once, whatever room the engine offers


def test_flush_and_start_without_a_sink_are_a_runtime_error(make, folder):
    buffer = make(packet_size=7)
    buffer.put(records(1)[0])
    for call in (buffer.flush, buffer.start):
        with pytest.raises(RuntimeError, match="no primary sink and no other"):
            call()
    with pytest.raises(RuntimeError):
        buffer.poll()
    assert len(buffer) == 1


@pytest.mark.parametrize("kind", ["text", "binary", "callback", "memory"])
@pytest.mark.parametrize("way", ["flush", "start", "poll", "close"])
def test_any_sink_is_one_to_flush_to(make, folder, kind, way):
    buffer, seen = make(flush_size=1, packet_size=7), []
    path = folder / "data"
    if kind == "callback":
        buffer.add_callback_sink(lambda batch: seen.append(bytes(batch)))
    elif kind == "memory":
        sink = buffer.add_memory_sink(1 << 20)
    else:
        mode = WriteMode.TEXT if kind == "text" else WriteMode.BINARY
        buffer.add_custom_sink(path, mode, as_text if kind == "text" else None)
    buffer.put_many(records(3))
    if way == "start":
        buffer.start()
        buffer.stop()
    elif way == "flush":
        assert buffer.flush()[0] == 3
    elif way == "poll":
        assert buffer.poll()
    if kind == "memory" and way != "close":  # a close takes the memory away
        assert sink.take() == b"".join(records(3))
    buffer.close()
    if kind == "text":
        assert path.read_text() == "".join(as_text(one) for one in records(3))
    elif kind == "binary":
        assert path.read_bytes() == b"".join(records(3))
    elif kind == "callback":
        assert b"".join(seen) == b"".join(records(3))
    assert buffer.stats()["popped"] == 3 and buffer.stats()["lost"] == 0


def test_nothing_is_ever_overwritten(make, folder):
    taken = folder / "taken.dat"
    taken.write_bytes(b"precious")
    buffer = make(packet_size=7)
    for call in (
        lambda: buffer.set_primary_sink(taken),
        lambda: buffer.set_primary_sink(str(taken)),
        lambda: buffer.add_custom_sink(taken, WriteMode.BINARY),
        lambda: buffer.add_custom_sink(taken, WriteMode.TEXT, as_text, "head"),
    ):
        with pytest.raises(FileExistsError, match="taken.dat") as fault:
            call()
        assert isinstance(fault.value, sluice.SluiceError)
        assert fault.value.filename == taken or str(fault.value.filename) == str(taken)
    assert taken.read_bytes() == b"precious"
    assert buffer.sinks == ()
    buffer.set_primary_sink(folder / "free.dat")
    with pytest.raises(RuntimeError, match="primary sink already"):
        buffer.set_primary_sink(folder / "second.dat")
    assert not (folder / "second.dat").exists()


def test_a_folder_that_is_not_there(make, folder):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        make(packet_size=7).set_primary_sink(folder / "nowhere" / "data.dat")


def test_arguments_of_sinks_are_checked(make, folder):
    buffer = make(packet_size=7)
    with pytest.raises(TypeError, match="mode must be a WriteMode, 'b' or 't', not int"):
        buffer.add_custom_sink(folder / "a", 5)
    with pytest.raises(ValueError, match="mode is 'csv', it must be WriteMode.BINARY"):
        buffer.add_custom_sink(folder / "a", "csv")
    with pytest.raises(TypeError, match="formatter must be callable"):
        buffer.add_custom_sink(folder / "a", WriteMode.TEXT, 5)
    with pytest.raises(sluice.SluiceError, match="layout"):
        buffer.add_custom_sink(folder / "a", WriteMode.TEXT)
    with pytest.raises(ValueError, match="durability is 'always'"):
        buffer.set_primary_sink(folder / "a", durability="always")
    with pytest.raises(TypeError):
        buffer.set_primary_sink(5)
    assert list(folder.iterdir()) == []


def test_disconnect_flushes_and_forgets_the_sinks(make, folder):
    buffer = make(packet_size=7)
    sink = buffer.set_primary_sink(folder / "data.dat")
    buffer.put_many(records(5))
    assert sink.info().packets == 0
    buffer.disconnect_sinks()
    assert (folder / "data.dat").read_bytes() == b"".join(records(5))
    assert buffer.sinks == ()
    with pytest.raises(RuntimeError, match="no primary sink"):
        buffer.flush()
    assert (sink.info().packets, sink.info().bytes) == (5, 35)  # of its end
    buffer.disconnect_sinks()
    buffer.set_primary_sink(folder / "more.dat")
    buffer.put_many(records(2))
    assert buffer.flush() == (2, 14)
    assert (folder / "data.dat").read_bytes() == b"".join(records(5))


def test_a_sink_counts(make, folder):
    buffer = make(packet_size=7)
    sink = buffer.set_primary_sink(folder / "data.dat", durability="every_flush")
    buffer.put_many(records(5))
    buffer.flush()
    info = sink.info()
    assert (info.packets, info.bytes, info.errors, info.last_status) == (5, 35, 0, 0)
    assert buffer.stats()["written_bytes"] == 35
    assert buffer.sinks == (sink,)
    assert "data.dat" in repr(sink)


def test_a_flush_resets_the_time(make, folder):
    buffer = make(flush_timeout=0.1, packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.put(records(1)[0])
    time.sleep(0.15)
    assert buffer.flush_needed()
    buffer.flush()
    assert buffer.time_since_last_flush() < 0.1
    assert not buffer.flush_needed()


def test_an_exception_in_a_formatter_keeps_the_data(make, folder):
    buffer = make(packet_size=7)
    broken = [True]

    def fussy(packet):
        if broken[0] and packet == records(6)[3]:
            raise LookupError("no such pin")
        return as_text(packet)

    buffer.set_primary_sink(folder / "data.dat")
    sink = buffer.add_custom_sink(folder / "data.csv", WriteMode.TEXT, fussy)
    buffer.put_many(records(6))
    for _ in range(2):
        with pytest.raises(sluice.SluiceError) as fault:
            buffer.flush()
        assert fault.value.status == sluice.Status.E_CALLBACK
        assert isinstance(fault.value.__cause__, LookupError)
        assert str(fault.value.__cause__) == "no such pin"
    assert len(buffer) > 0
    assert sink.info().errors >= 1
    assert buffer.stats()["sink_errors"] >= 1
    broken[0] = False
    buffer.flush()
    buffer.close()
    assert (folder / "data.csv").read_text() == "".join(map(as_text, records(6)))
    assert (folder / "data.dat").read_bytes() == b"".join(records(6))


@pytest.mark.parametrize("made", [None, b"bytes", 5])
def test_a_formatter_that_returns_no_text(make, folder, made):
    buffer = make(packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.csv", WriteMode.TEXT, lambda packet: made)
    buffer.put(records(1)[0])
    with pytest.raises(sluice.SluiceError) as fault:
        buffer.flush()
    assert isinstance(fault.value.__cause__, TypeError)
    assert "returns str" in str(fault.value.__cause__)
    with pytest.raises(sluice.SluiceError):
        buffer.close(timeout=0.1)
    assert not buffer.closed
    assert len(buffer) == 1
    assert buffer.discard() == 1
    assert buffer.closed


def test_a_formatter_may_use_other_buffers_but_not_its_own(make, folder):
    buffer, other = make(packet_size=7), make(packet_size=7)

    def forward(packet):
        other.put(packet)
        return f"{other.size()}\n"

    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.txt", WriteMode.TEXT, forward)
    buffer.put_many(records(4))
    buffer.flush()
    assert (folder / "data.txt").read_text() == "1\n2\n3\n4\n"
    assert [other.pop() for _ in range(4)] == records(4)


@pytest.mark.parametrize("pumped", [False, True])
def test_calls_of_a_formatter_into_its_own_buffer_are_refused(make, folder, pumped):
    buffer = make(flush_timeout=0.01, packet_size=7)
    told = []

    def reach_back(packet):
        for call in (buffer.size, buffer.pop, buffer.flush, buffer.stop, buffer.close, buffer.discard):
            try:
                call()
                told.append("nothing")
            except sluice.SluiceError as error:
                told.append(error.status.name)
        return "x\n"

    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.txt", WriteMode.TEXT, reach_back)
    if pumped:
        buffer.start()
    buffer.put(records(1)[0])
    buffer.close()
    assert len(told) == 6
    assert set(told) <= {"E_STATE", "E_HANDLE"}  # in a callback, or already closing
    assert (folder / "data.txt").read_text() == "x\n"


def test_a_disk_that_is_full_keeps_the_data(make, folder):
    buffer = make(packet_size=7, capacity=1 << 20)
    buffer.set_primary_sink(folder / "data.dat")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    data = b"".join(records(2000))
    buffer.put_many(data)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        with pytest.raises(sluice.SluiceError) as fault:
            buffer.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(fault.value, OSError)
    assert len(buffer) > 0
    assert buffer.stats()["sink_errors"] >= 1
    buffer.flush()
    assert len(buffer) == 0
    assert (folder / "data.dat").read_bytes() == data


def test_the_pump_flushes_by_size_and_by_time(make, folder):
    buffer = make(flush_size=100, flush_timeout=0.05, packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.start()
    with pytest.raises(RuntimeError):
        buffer.start()
    for packet in records(1234):
        assert buffer.put(packet)
    deadline = time.monotonic() + 20
    while len(buffer) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(buffer) == 0  # the last 34 went by time, without a further put
    buffer.stop()
    assert (folder / "data.dat").read_bytes() == b"".join(records(1234))
    buffer.put(records(1)[0])
    buffer.stop(timeout=5)
    buffer.close()
    assert (folder / "data.dat").read_bytes() == b"".join(records(1234)) + records(1)[0]


def test_the_pump_calls_python_formatters(make, folder, caplog):
    buffer = make(flush_size=10, flush_timeout=0.02, packet_size=7)
    broken = threading.Event()
    broken.set()
    threads = set()

    def fussy(packet):
        threads.add(threading.get_ident())
        if broken.is_set():
            raise LookupError("not yet")
        return as_text(packet)

    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.csv", WriteMode.TEXT, fussy)
    buffer.start()
    buffer.put_many(records(300))
    deadline = time.monotonic() + 20
    while buffer.stats()["sink_errors"] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(buffer) > 0
    broken.clear()
    for packet in records(2000)[300:]:
        buffer.put(packet)
    buffer.close()
    assert (folder / "data.csv").read_text() == "".join(map(as_text, records(2000)))
    assert (folder / "data.dat").read_bytes() == b"".join(records(2000))
    assert threads - {threading.get_ident()}
    reports = [one for one in caplog.records if one.name == "sluice"]
    assert reports
    assert reports[0].exc_info[0] is LookupError


def test_poll_is_one_round_of_the_pump(make, folder):
    buffer = make(flush_size=5, flush_timeout=None, packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    assert buffer.poll() is False
    assert buffer.poll(timeout=0.12) is False
    buffer.put_many(records(5))
    assert buffer.poll(timeout=1.0) is True
    assert len(buffer) == 0
    assert (folder / "data.dat").read_bytes() == b"".join(records(5))


def test_rotation_makes_numbered_files(make, folder):
    buffer = make(packet_size=7)
    buffer.set_primary_sink(folder / "data.dat", "H", rotate_bytes=71)
    for _ in range(3):
        buffer.put_many(records(10))
        buffer.flush()
    buffer.close()
    files = sorted(folder.iterdir())
    assert len(files) == 3
    assert all(path.read_bytes() == b"H" + b"".join(records(10)) for path in files)


def test_what_is_dropped_without_a_close_is_flushed(folder):
    buffer = sluice.FIFO(packet_size=7)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.put_many(records(9))
    with pytest.warns(ResourceWarning, match="unclosed buffer <FIFO"):
        del buffer
    assert (folder / "data.dat").read_bytes() == b"".join(records(9))


def test_a_cycle_through_a_formatter_is_collected(folder):
    class Recorder:
        def __init__(self):
            self.buffer = sluice.FIFO(packet_size=7)
            self.buffer.set_primary_sink(folder / "data.dat")
            self.buffer.add_custom_sink(folder / "data.txt", WriteMode.TEXT, self.text)
            self.buffer.put_many(records(3))

        def text(self, packet):
            return f"{self.buffer.packet_size}\n"

    recorder = Recorder()
    gone = weakref.ref(recorder.buffer)
    with pytest.warns(ResourceWarning, match="unclosed"):
        del recorder
        gc.collect()
    assert gone() is None
    assert (folder / "data.dat").read_bytes() == b"".join(records(3))
    assert (folder / "data.txt").read_text() == "7\n" * 3


@pytest.mark.parametrize("text", [False, True])
def test_a_file_that_is_deleted_is_noticed_and_restored(make, tmp_path, text):
    buffer, path = make(layout="< number:I"), tmp_path / "data"
    if text:
        sink = buffer.add_custom_sink(path, WriteMode.TEXT, layout_header=True)
        buffer.set_primary_sink(tmp_path / "primary")
    else:
        sink = buffer.set_primary_sink(path, header="header\n")
    buffer.put_many(numpy.arange(10, dtype="<u4"))
    buffer.flush()
    before = path.read_bytes()
    path.unlink()
    buffer.put(bytes(4))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="data' was deleted or replaced.*restore_files"):
            buffer.flush()
    assert len(buffer) == 1
    assert sink.info().last_status == sluice.Status.E_NOT_FOUND
    path.write_text("of somebody else")
    with pytest.raises(FileExistsError):
        buffer.restore_files()
    assert path.read_text() == "of somebody else"
    path.unlink()
    assert buffer.restore_files() == 1
    assert path.read_bytes() == before
    buffer.close()
    assert path.read_bytes() == before + (b"0\n" if text else bytes(4))
