"""The package as a guest in a process: signals, standard streams, limits, locales, the working directory, names of any bytes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sluice
from sluice import WriteMode

LATIN = os.fsdecode(b"caf\xe9")  # as os.listdir() gives a name that is no UTF-8


# ---- signals and limits ----


def test_signals_stay_as_they_were(script):
    script(
        """
        import signal, sluice, sys
        seen = []
        signal.signal(signal.SIGUSR1, lambda *a: seen.append(a))
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        kept = [one for one in signal.valid_signals() if one not in (signal.SIGSEGV, signal.SIGFPE, signal.SIGRTMIN)]
        before = {one: signal.getsignal(one) for one in kept}
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        with sluice.FIFO(packet_size=8) as buffer:
            buffer.put(bytes(8))
            buffer.pop()
        assert {one: signal.getsignal(one) for one in kept} == before
        assert before[signal.SIGINT] is signal.default_int_handler
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
        # Python's own record is not the kernel's.
        lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
        ignored = int(lines["SigIgn"], 16)
        assert not ignored >> (signal.SIGPIPE - 1) & 1
        signal.raise_signal(signal.SIGUSR1)
        assert len(seen) == 1
        """
    )


@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
@pytest.mark.parametrize("what", ["sluice.PacketLayout('< a:I')", "sluice.FIFO(packet_size=8)", "sluice.hex(b'a')", "sluice.build_info()"])
def test_a_runtime_that_cannot_start_is_a_memory_error(script, limit, what):
    script(
        f"""
        import resource, sluice
        hard = resource.getrlimit(resource.{limit})[1]
        resource.setrlimit(resource.{limit}, (900 << 20 if {limit!r} == "RLIMIT_AS" else 24 << 20, hard))
        try:
            {what}
        except MemoryError as error:
            assert isinstance(error, sluice.SluiceError) and error.status == sluice.Status.E_MEMORY
            assert "the engine cannot start: it needs" in str(error) and "ulimit" in str(error), str(error)
        else:
            raise AssertionError("it started")
        resource.setrlimit(resource.{limit}, (hard, hard))
        {what}
        """
    )


def test_an_interpreter_exits_quietly_where_the_runtime_never_started(script):
    done = script(
        """
        import resource, sluice
        resource.setrlimit(resource.RLIMIT_AS, (900 << 20, resource.getrlimit(resource.RLIMIT_AS)[1]))
        try:
            sluice.FIFO(packet_size=8)
        except MemoryError:
            pass
        """
    )
    assert done.stderr == ""


def test_closed_standard_streams_stay_closed(tmp_path):
    program = """
import os, sluice, sys
for stream in (0, 1, 2):
    os.close(stream)
folder = sys.argv[1]
buffer = sluice.FIFO(packet_size=8, capacity=1 << 16, memory_limit=1 << 17, spill_directory=folder)
buffer.set_primary_sink(folder + "/data.dat")
buffer.add_custom_sink(folder + "/data.txt", sluice.WriteMode.TEXT, style="hex")
named = sluice.CircularBuffer(packet_size=8, name=f"test.guest.{os.getpid()}", many_producers=True)
producer = sluice.Producer(f"test.guest.{os.getpid()}")
for i in range(30000):
    buffer.put(i.to_bytes(8, "little"))
assert buffer.stats()["spilled_bytes"] > 0
producer.put(bytes(8))
async def first():
    async for batch in named:
        return batch
import asyncio
asyncio.run(first())
opened = []
for stream in (0, 1, 2):
    try:
        os.fstat(stream)
        opened.append(stream)
    except OSError:
        pass
try:
    print("a line of the host", flush=True)
except OSError:
    pass
producer.close()
named.discard()
buffer.close()
file = sluice.PacketFile(folder + "/data.dat", packet_size=8)
opened += [stream for stream in (0, 1, 2) if os.path.exists(f"/proc/self/fd/{stream}")]
good = len(file) == 30000 and file[29999] == (29999).to_bytes(8, "little")
os._exit(0 if good and not opened else 10 + len(opened))
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], timeout=60, check=False)
    assert done.returncode == 0


# ---- locales ----


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """A folder of locales: one with a decimal point of two bytes, one with a comma and Latin-1."""
    folder = tmp_path_factory.mktemp("locales")
    for source, charset in (("ps_AF", "UTF-8"), ("de_DE", "ISO-8859-1")):
        try:
            made = subprocess.run(
                ["localedef", "-i", source, "-f", charset, folder / f"{source}.{charset}"], capture_output=True, check=False
            )
        except FileNotFoundError:
            pytest.skip("there is no localedef")
        if made.returncode != 0:
            pytest.skip(f"localedef makes no {source}.{charset} here: {made.stderr.decode(errors='replace')[:80]}")
    return folder


@pytest.mark.parametrize(("name", "point"), [("ps_AF.UTF-8", "\u066b"), ("de_DE.ISO-8859-1", ",")])
def test_numbers_do_not_depend_on_the_locale(script, locales, tmp_path, name, point):
    script(
        f"""
        import locale, sluice, struct
        locale.setlocale(locale.LC_ALL, {name!r})
        assert locale.localeconv()["decimal_point"] == {point!r}
        layout = sluice.PacketLayout("< a:d*0.125 [V] %.3f; b:f")
        assert layout.text == "<a:d*0.125 [V] %.3f; b:f"
        assert layout.fields[0].scale == 0.125
        packet = struct.pack("<df", 10, 0.5)
        assert sluice.PacketFormatter(layout, "csv").format(packet) == b"1.250,0.5\\n"
        for call in (
            lambda: sluice.FIFO(packet_size=8, flush_timeout=-0.5),
            lambda: buffer.poll(-0.5),
            lambda: buffer.stop(timeout=-0.5),
            lambda: sluice.Producer("x", timeout=-0.5),
        ):
            buffer = sluice.FIFO(packet_size=8)
            try:
                call()
            except ValueError as error:
                assert "-0.5 s" in str(error), str(error)
            else:
                raise AssertionError("nothing raised")
            buffer.discard()
        """,
        LOCPATH=str(locales),
        PYTHONUTF8="0",
        LC_ALL=name,
    )


def test_a_name_of_a_ring_is_utf8_in_any_locale(script, locales):
    script(
        """
        import os, sluice, sys
        assert sys.getfilesystemencoding() != "utf-8"
        name = f"test.caf\\xe9.{os.getpid()}"
        with sluice.CircularBuffer(packet_size=8, name=name) as buffer:
            assert os.path.exists(b"/dev/shm/sluice." + name.encode())
        """,
        LOCPATH=str(locales),
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
        LC_ALL="de_DE.ISO-8859-1",
    )


# ---- paths ----


def test_a_relative_path_means_what_it_meant_when_it_was_given(tmp_path, monkeypatch):
    here, elsewhere = tmp_path / "run", tmp_path / "other"
    here.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(here)
    buffer = sluice.CircularBuffer(packet_size=8, file="ring")
    primary = buffer.set_primary_sink("data.dat", rotate_bytes=64)
    custom = buffer.add_custom_sink("data.txt", WriteMode.TEXT, style="hex", rotate_bytes=64)
    fifo = sluice.FIFO(packet_size=8, capacity=1 << 16, memory_limit=1 << 17, spill_directory=".")
    assert primary.file_path == here / "data.dat" and custom.file_path == here / "data.txt"
    buffer.put_many(bytes(64))
    buffer.flush()
    file = sluice.PacketFile("data.dat", packet_size=8)
    assert file.path == here / "data.dat" and len(file) == 8
    monkeypatch.chdir(elsewhere)
    buffer.put_many(bytes(96))
    buffer.flush()
    fifo.put_many(bytes(1 << 20))
    assert fifo.stats()["spilled_bytes"] > 0
    assert file.refresh() == 0
    fifo.discard()
    (here / "data.3.dat").touch()
    buffer.put_many(bytes(64))
    with pytest.raises(FileExistsError, match=re.escape(str(here / "data.3.dat"))):
        buffer.flush()
    (here / "data.3.dat").unlink()
    buffer.close()
    assert not [*elsewhere.iterdir()]
    assert sorted(path.name for path in here.iterdir() if path.suffix == ".dat") == [
        "data.1.dat",
        "data.2.dat",
        "data.3.dat",
        "data.dat",
    ]


class Named:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


@pytest.mark.parametrize("kind", [str, Path, os.fsencode, Named, lambda path: Named(os.fsencode(path))])
def test_a_path_may_be_any_bytes(make, tmp_path, kind):
    folder = tmp_path / LATIN
    folder.mkdir()
    buffer = make(packet_size=8)
    sink = buffer.set_primary_sink(kind(str(folder / f"{LATIN}.dat")), rotate_bytes=8)
    text = buffer.add_custom_sink(kind(str(folder / f"{LATIN}.txt")), WriteMode.TEXT, style="hex")
    assert sink.file_path == folder / f"{LATIN}.dat" and text.file_path == folder / f"{LATIN}.txt"
    buffer.put_many(bytes(16))
    buffer.flush()
    assert (folder / f"{LATIN}.1.dat").read_bytes() == bytes(8)
    with pytest.raises(FileExistsError, match=r"caf\\xE9/caf\\xE9\.dat': it exists already") as caught:
        buffer.add_custom_sink(kind(str(folder / f"{LATIN}.dat")), WriteMode.BINARY)
    assert os.fspath(caught.value.filename) == str(folder / f"{LATIN}.dat")
    (folder / f"{LATIN}.2.dat").touch()
    buffer.put(bytes(8))
    with pytest.raises(FileExistsError, match=r"caf\\xE9\.2\.dat"):
        buffer.flush()
    assert r"caf\xE9.2.dat" in sink.info().last_error
    buffer.discard()
    with sluice.PacketFile(kind(str(folder / f"{LATIN}.dat")), packet_size=8) as file:
        assert len(file) == 1 and file.path == folder / f"{LATIN}.dat"
    with pytest.raises(FileNotFoundError, match=r"caf\\xE9\.none"):
        sluice.PacketFile(kind(str(folder / f"{LATIN}.none")), packet_size=8)
    spilling = sluice.FIFO(
        packet_size=8, capacity=1 << 16, memory_limit=1 << 17, spill_directory=kind(str(folder))
    )
    spilling.put_many(bytes(1 << 20))
    assert spilling.stats()["spilled_bytes"] > 0
    spilling.discard()


@pytest.mark.parametrize("kind", [str, os.fsencode])
def test_a_ring_may_have_any_bytes_as_its_name(tmp_path, kind):
    name = kind(f"test.{LATIN}.{os.getpid()}")
    with sluice.CircularBuffer(packet_size=8, name=name) as buffer:
        with sluice.Producer(name) as producer:
            assert producer.put(b"12345678")
        assert buffer.pop() == b"12345678"
        with pytest.raises(FileExistsError, match=r"caf\\xE9"):
            sluice.CircularBuffer(packet_size=8, name=name)
    with pytest.raises(FileNotFoundError, match=r"caf\\xE9"):
        sluice.Producer(name, timeout=0)
    file = kind(str(tmp_path / LATIN))
    with sluice.CircularBuffer(packet_size=8, file=file) as buffer, sluice.Producer(file=file) as producer:
        assert producer.put(b"12345678") and buffer.pop() == b"12345678"


@pytest.mark.parametrize("name", ["", "a/b", ".", "..", "é" * 101, b"\xe9" * 201, "x" * 201])
def test_the_limits_of_names_are_those_of_bytes(name):
    size = len(name.encode() if isinstance(name, str) else name)
    with pytest.raises(ValueError, match=rf"has {size} byte{'' if size == 1 else 's'}, it must be 1 to 200 bytes"):
        sluice.CircularBuffer(packet_size=8, name=name)


def test_arguments_that_no_path_and_no_name_can_be():
    for call in (
        lambda: sluice.CircularBuffer(packet_size=8, name="a\0b"),
        lambda: sluice.Producer("a\0b"),
    ):
        with pytest.raises(ValueError, match=r"name is 'a\\x00b', it must not hold a zero byte"):
            call()
    with pytest.raises(ValueError, match="spill_directory is"):
        sluice.FIFO(packet_size=8, spill_directory="a\0b")
    with pytest.raises(ValueError, match="file is"):
        sluice.CircularBuffer(packet_size=8, file="a\0b")
    with pytest.raises(TypeError, match="name must be str, bytes or None"):
        sluice.CircularBuffer(packet_size=8, name=3)


def test_a_path_may_be_as_long_as_the_system_takes_it(make, tmp_path):
    folder = tmp_path
    while len(str(folder)) < 3800:
        folder = folder / ("d" * 200)
        folder.mkdir()
    path = folder / ("n" * min(255, 4095 - len(str(folder)) - 1))
    buffer = make(packet_size=8)
    sink = buffer.set_primary_sink(path)
    buffer.put(bytes(8))
    buffer.flush()
    assert path.read_bytes() == bytes(8)
    with pytest.raises(FileExistsError) as caught:
        buffer.add_custom_sink(path, WriteMode.BINARY)
    assert str(path) in str(caught.value)  # whole, however long
    buffer.disconnect_sinks()
    assert sink.file_path == path
    path.unlink()
    with sluice.CircularBuffer(packet_size=8, file=path) as ring:
        ring.put(bytes(8))
        ring.pop()


# ---- texts ----


def test_names_units_and_messages_come_whole(make, tmp_path):
    long = "n" * 70
    layout = sluice.PacketLayout(f"< {long}1:d [{'µ' * 40}]; {long}2:d [x{'µ' * 40}V]")
    assert [field.name for field in layout.fields] == [f"{long}1", f"{long}2"]
    assert [field.unit for field in layout.fields] == ["µ" * 40, "x" + "µ" * 40 + "V"]
    for lead in ("", "x"):
        folder = tmp_path / (lead + "ü" * 100)
        folder.mkdir()
        buffer = make(packet_size=8)
        sink = buffer.set_primary_sink(folder / "data.dat", rotate_bytes=8)
        (folder / "data.1.dat").touch()
        buffer.put_many(bytes(16))
        with pytest.raises(FileExistsError):
            buffer.flush()
        assert sink.info().last_error.endswith("data.1.dat': it exists already, and nothing is ever overwritten; the packets are kept: move that file away, and try again")
        assert "ü" * 100 in sink.info().last_error
        buffer.discard()
    for name in ("é" * 90, "x" + "é" * 90):
        with pytest.raises(FileNotFoundError) as caught:
            sluice.Producer(name, timeout=0)
        assert "\ufffd" not in str(caught.value) and "é" * 20 in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_layouts_of_any_editor(end, mark):
    text = end.join([mark + "# saved somewhere", "> a:B  # first", "b:H", ""])
    assert sluice.PacketLayout(text).text == ">a:B; b:H"
    with pytest.raises(ValueError, match=r"\(line 3\)"):
        sluice.PacketLayout(end.join([mark + "> a:B", "b:H", "c:Y"]))


@pytest.mark.parametrize("mode", [WriteMode.TEXT, WriteMode.BINARY])
@pytest.mark.parametrize("header", [b"# \xb5s\n", "# µs\n", b"a\0b\n", "a\0b\n", bytearray(b"x\n"), memoryview(b"x\n"), b"\xff\xfe\0", ""])
def test_a_header_is_bytes(make, tmp_path, mode, header):
    buffer = make(layout="< a:B; b:B")
    sink = buffer.add_custom_sink(tmp_path / "data", mode, header=header)
    primary = buffer.set_primary_sink(tmp_path / "data.dat", header)
    expected = header.encode() if isinstance(header, str) else bytes(header)
    buffer.put(b"\1\2")
    buffer.flush()
    assert (tmp_path / "data").read_bytes() == expected + (b"1, 2\n" if mode is WriteMode.TEXT else b"\1\2")
    assert (tmp_path / "data.dat").read_bytes() == expected + b"\1\2"
    assert sink.header is header and primary.header is header


@pytest.mark.parametrize("end", ["\r\n", b"\r\n", "\0", b"\0", b"\xb5", "", b""])
@pytest.mark.parametrize("style", ["plain", "csv", "jsonl", "hex"])
def test_a_line_end_is_bytes(make, tmp_path, end, style):
    raw = end.encode() if isinstance(end, str) else end
    line = {"plain": b"1, 2", "csv": b"1,2", "jsonl": b'{"a":1,"b":2}', "hex": b"0102"}[style]
    buffer = make(layout="< a:B; b:B")
    buffer.add_custom_sink(tmp_path / "data", WriteMode.TEXT, style=style, line_end=end)
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.put_many(b"\1\2\1\2")
    buffer.flush()
    assert (tmp_path / "data").read_bytes() == (line + raw) * 2
    if style != "hex":
        formatter = sluice.PacketFormatter("< a:B; b:B", style, line_end=end)
        assert formatter.format(b"\1\2") == line + raw
        assert formatter.header() == ("" if style == "jsonl" else ("# a, b" if style == "plain" else "a,b") + os.fsdecode(raw))


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"separator": "1"}, ValueError, "separator is '1'"),
        ({"separator": ""}, ValueError, "separator is empty: in CSV it is at least one character"),
        ({"separator": "a\0"}, ValueError, r"separator is 'a\\x00', it must be text without zero characters"),
        ({"separator": "\udce4"}, ValueError, "separator is"),
        ({"separator": b";"}, TypeError, "separator must be str or None, not bytes"),
        ({"comment": "\0"}, ValueError, "comment is"),
        ({"comment": 3}, TypeError, "comment must be str or None, not int"),
        ({"line_end": "\udce4"}, ValueError, "line_end is .* bytes may be anything"),
        ({"line_end": 3}, TypeError, "line_end must be str, bytes or None, not int"),
    ],
)
def test_what_a_text_may_not_have_is_named(make, tmp_path, arguments, kind, text):
    with pytest.raises(kind, match=text):
        sluice.PacketFormatter("< a:B; b:B", "csv", **arguments)
    buffer = make(layout="< a:B; b:B")
    with pytest.raises(kind, match=text):
        buffer.add_custom_sink(tmp_path / "data", WriteMode.TEXT, style="csv", **arguments)
    assert not (tmp_path / "data").exists()
    with pytest.raises(TypeError, match="header must be str, bytes or None, not int"):
        buffer.add_custom_sink(tmp_path / "data", WriteMode.TEXT, header=3)


KEY = re.compile(r"\b[A-Z][a-z]\w*_[A-Z]\w*")


def test_no_text_is_a_key_of_the_framework(make, tmp_path):
    buffer = make(layout="< a:B; b:B")
    faults = [
        lambda: sluice.PacketFormatter("< a:B -"),
        lambda: sluice.PacketFormatter("< a:B; b:B", "hex"),
        lambda: sluice.PacketFormatter("< a:B", "csv", separator="9"),
        lambda: sluice.PacketFormatter("< a:16000000B %500d"),
        lambda: sluice.PacketLayout._from_numpy("{"),
        lambda: sluice.PacketLayout._from_numpy('"\\ud800"'),
        lambda: sluice.PacketLayout._from_numpy('{"names":["\\ud800"],"formats":["<u2"]}'),
        lambda: sluice.PacketLayout("a:B\U0001f600"),
        lambda: sluice.hexdump(b"ab", offset=(1 << 64) - 1),
        lambda: buffer.set_primary_sink("/"),
        lambda: buffer.set_primary_sink("/nowhere/at/all"),
        lambda: buffer.set_primary_sink("x" * 300),
        lambda: sluice.PacketFile(tmp_path, packet_size=8),
        lambda: sluice.PacketFile("/dev/null", packet_size=8),
        lambda: sluice.CircularBuffer(packet_size=8, capacity=1 << 45),
        lambda: sluice.FIFO(packet_size=8, memory_limit=1),
        lambda: sluice.FIFO(packet_size=8, spill_directory="/nowhere"),
    ]
    for fault in faults:
        with pytest.raises((sluice.SluiceError, ValueError, OverflowError)) as caught:
            fault()
        text = str(caught.value)
        assert len(text.split()) > 2 and not KEY.search(text) and "\ufffd" not in text, text
