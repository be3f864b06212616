"""Rings with a name or in a file: who may have them, what is left of them, what is damaged in them."""

import asyncio
import logging
import os
import signal
import stat
import subprocess
import sys
import time

import pytest

import sluice


@pytest.fixture
def name():
    return f"rings.{os.getpid()}.{time.monotonic_ns()}"


def shared(name: str) -> str:
    return f"/dev/shm/sluice.{name}"


def test_a_leftover_is_removed(name):
    buffer = sluice.CircularBuffer(name=name, packet_size=4)
    buffer.put(b"abcd")
    with pytest.raises(sluice.SluiceError, match="alive") as busy:
        sluice.remove_ring(name)
    assert busy.value.status is sluice.Status.E_BUSY
    buffer.close()
    assert os.path.exists(shared(name))
    sluice.remove_ring(name)
    assert not os.path.exists(shared(name))
    with pytest.raises(FileNotFoundError):
        sluice.remove_ring(name)
    with pytest.raises(ValueError, match="name or a file"):
        sluice.remove_ring(name, file="/tmp/ring")


def test_a_file_that_is_no_ring_is_left(tmp_path):
    path = tmp_path / "notes"
    path.write_text("dear diary")
    with pytest.raises(sluice.SluiceError) as refused:
        sluice.remove_ring(file=path)
    assert refused.value.status is sluice.Status.E_ABI
    assert "delete it yourself" in str(refused.value)
    assert path.read_text() == "dear diary"


def test_producers_of_a_ring_that_was_removed_learn_it(tmp_path):
    path = tmp_path / "ring"
    sluice.CircularBuffer(file=path, packet_size=4).close()
    with sluice.Producer(file=path) as producer:
        os.unlink(path)
        with pytest.raises(sluice.SluiceError, match="no other one took its place") as ended:
            for _ in range(1 << 20):
                producer.put(b"abcd")
        assert ended.value.status is sluice.Status.E_ENDED
        with sluice.CircularBuffer(file=path, packet_size=4):
            with pytest.raises(sluice.SluiceError, match="attach to the one that took its place"):
                producer.put(b"abcd")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of another user")
def test_a_leftover_of_another_user_is_removed_by_who_may(name):
    with sluice.CircularBuffer(name=name, packet_size=4) as buffer:
        buffer.put(b"abcd")
    os.chown(shared(name), 65534, 65534)
    with pytest.raises(PermissionError, match="65534"):
        sluice.Producer(name)
    sluice.remove_ring(name)
    assert not os.path.exists(shared(name))


@pytest.mark.parametrize(("access", "mode"), [("owner", 0o600), ("group", 0o660), ("everybody", 0o666)])
def test_access_is_the_mode(tmp_path, access, mode):
    path = tmp_path / "ring"
    with sluice.CircularBuffer(file=path, packet_size=4, access=access):
        assert stat.S_IMODE(path.stat().st_mode) == mode
        sluice.Producer(file=path).close()


def test_what_more_may_write_than_was_asked_for_is_refused(name):
    with sluice.CircularBuffer(name=name, packet_size=4, many_producers=True):
        os.chmod(shared(name), 0o666)
        with pytest.raises(PermissionError, match="666"):
            sluice.Producer(name)
        sluice.Producer(name, any_owner=True).close()


@pytest.mark.parametrize("stride", [4, None])
@pytest.mark.parametrize("many", [False, True])
def test_damaged_packets_are_not_delivered(tmp_path, stride, many):
    path = tmp_path / "ring"
    options = {"file": path, "packet_size": stride, "checksums": True, "many_producers": many}
    with sluice.CircularBuffer(**options) as buffer:
        for packet in (b"aaaa", b"bbbb", b"cccc"):
            buffer.put(packet)
    content = path.read_bytes()
    assert content.count(b"bbbb") == 1
    path.write_bytes(content.replace(b"bbbb", b"bbxb"))
    with sluice.CircularBuffer(attach="attach", **options) as buffer:
        assert [buffer.pop(), buffer.pop()] == [b"aaaa", b"cccc"]
        assert buffer.stats()["corrupted"] == 1


def test_damaged_packets_are_logged_without_a_pump(tmp_path, caplog):
    path = tmp_path / "ring"
    options = {"file": path, "packet_size": 4, "checksums": True}
    with sluice.CircularBuffer(**options) as buffer:
        for packet in (b"aaaa", b"bbbb", b"cccc"):
            buffer.put(packet)
    path.write_bytes(path.read_bytes().replace(b"bbbb", b"bbxb"))
    with caplog.at_level(logging.INFO, "sluice"), sluice.CircularBuffer(attach="attach", **options) as buffer:
        assert [buffer.pop(), buffer.pop()] == [b"aaaa", b"cccc"]
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        message = caplog.records[0].getMessage()
        assert str(path) in message and "a packet is damaged, at position 4" in message


LAYOUT = "< number:I"


@pytest.mark.parametrize(
    ("changed", "has", "asked"),
    [
        ({"layout": "< number:i"}, "number:I", "number:i"),
        ({"capacity": 1 << 16}, "8192", "65536"),
        ({"full": "drop_oldest"}, "drop newest", "drop oldest"),
        ({"checksums": True}, "no checksums", "asked for checksums"),
        ({"access": "everybody"}, "group", "everybody"),
    ],
)
def test_what_is_attached_to_agrees_or_is_told(name, changed, has, asked):
    options = {"name": name, "layout": LAYOUT, "capacity": 5000, "full": "drop_newest", "access": "group"}
    maker = sluice.CircularBuffer(**options)
    maker.put(b"abcd")
    with pytest.raises(sluice.SluiceError) as refused:
        sluice.CircularBuffer(attach="create_or_attach", **{**options, **changed})
    assert refused.value.status is sluice.Status.E_STATE
    assert has in str(refused.value) and asked in str(refused.value)
    maker.close()  # which keeps what is stored, and its name
    with sluice.CircularBuffer(attach="create_or_attach", **options) as again:
        assert again.pop() == b"abcd"
    sluice.remove_ring(name)


def test_access_is_for_making(tmp_path):
    sluice.CircularBuffer(file=tmp_path / "ring", packet_size=4).close()
    with pytest.raises(ValueError, match="access is group"):
        sluice.CircularBuffer(file=tmp_path / "ring", packet_size=4, attach="attach", access="group")
    with pytest.raises(ValueError, match="neither a name nor a file"):
        sluice.CircularBuffer(packet_size=4, access="everybody")


def test_records_with_checksums_fill_the_ring(tmp_path):
    """The room that a record takes counts its checksum, in the inline path as in the engine."""
    with sluice.CircularBuffer(file=tmp_path / "ring", capacity=4096, checksums=True) as buffer:
        packet = bytes(24)  # 8 of the record header, 24, 4 of the checksum: 40
        stored = 0
        while buffer.put(packet):
            stored += 1
        assert stored == 4096 // 40
        assert len(buffer) == stored


def test_a_header_that_contradicts_itself_is_refused(tmp_path):
    path = tmp_path / "ring"
    with sluice.CircularBuffer(file=path, packet_size=4) as buffer:
        buffer.put(b"abcd")
    content = bytearray(path.read_bytes())
    content[128:136] = (1 << 40).to_bytes(8, "little")  # the head
    path.write_bytes(content)
    for attach in (
        lambda: sluice.CircularBuffer(file=path, packet_size=4, attach="attach"),
        lambda: sluice.Producer(file=path),
    ):
        with pytest.raises(sluice.SluiceError) as corrupt:
            attach()
        assert corrupt.value.status is sluice.Status.E_CORRUPT


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("packets", [{"packet_size": 4}, {"layout": "> a:H=7; b:H"}, {}])
def test_an_attach_takes_from_the_ring_what_it_does_not_say(tmp_path, packets, many):
    path = tmp_path / "ring"
    with sluice.CircularBuffer(file=path, many_producers=many, **packets) as made:
        made.put_many([b"\0\x07ab", b"\0\x07cd"])
    with sluice.CircularBuffer(file=path, attach="attach") as found:
        assert found.packet_size == (4 if packets else None)
        assert (found.layout is None) == ("layout" not in packets)
        if found.layout is not None:
            assert found.layout == made.layout
            with pytest.raises(sluice.SluiceError) as refused:
                found.put(b"abcd")
            assert refused.value.status is sluice.Status.E_CONSTANT
            assert found.pop_many()["b"].tolist() == [0x6162, 0x6364]
        elif packets:
            assert found.pop_many() == b"\0\x07ab\0\x07cd"
        else:
            assert found.pop_many() == [b"\0\x07ab", b"\0\x07cd"]
        assert found.put(b"\0\x07ef")
    if many:
        with sluice.CircularBuffer(file=path, attach="attach", many_producers=True) as found:
            assert len(found) == 1
    else:
        with pytest.raises(RuntimeError, match="producer"):
            sluice.CircularBuffer(file=path, attach="attach", many_producers=True)
    sluice.remove_ring(file=path)


def test_a_layout_that_is_none_is_not_there(tmp_path):
    path = tmp_path / "ring"
    sluice.CircularBuffer(file=path, layout="> a:H=7; b:H").close()
    content = path.read_bytes()
    poke(path, content.index(b"a:H"), b"?!?")
    with sluice.CircularBuffer(file=path, attach="attach") as found:
        assert (found.packet_size, found.layout) == (4, None)


def poke(path, at, content):
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize("options", [{}, {"packet_size": 4}])
def test_a_contradiction_is_raised_by_whatever_takes_or_counts(tmp_path, options):
    path = tmp_path / "ring"
    buffer = sluice.CircularBuffer(file=path, **options)
    buffer.put_many([b"abcd", b"efgh"])
    if options:
        poke(path, 128, (1 << 40).to_bytes(8, "little"))  # the head
    else:
        poke(path, path.read_bytes().index(b"efgh") - 8, (1 << 30).to_bytes(4, "little"))  # the length of the second
        assert buffer.pop_many() == [b"abcd"]
    taken = bytearray(400)
    calls = [buffer.pop, buffer.pop_many, lambda: buffer.pop_many(1), buffer.peek, lambda: list(buffer), lambda: len(buffer)]
    calls += [buffer.size, lambda: list(buffer.drain()), lambda: asyncio.run(buffer.readable(1))]
    calls += [lambda: buffer.pop_many(out=taken)] if options else []
    for _ in range(2):
        for call in calls:
            with pytest.raises(sluice.SluiceError, match="contradicts itself") as corrupt:
                call()
            assert corrupt.value.status is sluice.Status.E_CORRUPT
    assert buffer.stats()["last_fault"] == sluice.Status.E_CORRUPT
    buffer.discard()


def test_texts_name_the_options_of_python(name):
    with sluice.CircularBuffer(name=name, packet_size=4) as buffer, sluice.Producer(name):
        with pytest.raises(sluice.SluiceError, match="many_producers=True") as busy:
            buffer.put(b"abcd")
        assert busy.value.status is sluice.Status.E_BUSY
    with pytest.raises(ValueError, match="packet_size is 8192 bytes, it must be 1 to the capacity of 4096"):
        sluice.CircularBuffer(packet_size=8192, capacity=4096)
    with pytest.raises(ValueError, match="packet_size is 8192 bytes, but the layout has 4"):
        sluice.FIFO(packet_size=8192, layout="<a:I")


def test_a_file_that_is_cut_is_told(tmp_path):
    path = tmp_path / "ring"
    with sluice.CircularBuffer(file=path, packet_size=4) as buffer:
        buffer.set_primary_sink(tmp_path / "data")
        buffer.put(b"abcd")
        os.truncate(path, 4096)
        with pytest.raises(sluice.SluiceError) as corrupt:
            buffer.flush()
        assert corrupt.value.status is sluice.Status.E_CORRUPT
        buffer.discard()  # a close refuses it


def test_the_end_of_a_process_that_was_killed_is_free_at_once(name):
    code = f"""
import os, signal, sluice
producer = sluice.Producer({name!r})
producer.put(b"abcd")
os.kill(os.getpid(), signal.SIGKILL)
"""
    with sluice.CircularBuffer(name=name, packet_size=4) as buffer:
        for _ in range(3):
            assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
            assert buffer.pop() == b"abcd"
        sluice.Producer(name, adopt=True).close()


@pytest.mark.parametrize("policy", sluice.FullPolicy)
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("end", ["close", "kill"])
def test_what_was_seen_or_refused_and_not_taken_stays_in_a_file_ring(tmp_path, policy, many, end):
    path = tmp_path / "ring"
    code = f"""
import os, signal, sluice
buffer = sluice.CircularBuffer(
    file={str(path)!r}, packet_size=4, full=sluice.FullPolicy.{policy.name}, many_producers={many})
def refuse(batch):
    raise RuntimeError("no")
for packet in (b"aaaa", b"bbbb", b"cccc", b"dddd"):
    buffer.put(packet)
assert list(buffer) == [b"aaaa", b"bbbb", b"cccc", b"dddd"]
assert buffer.pop() == b"aaaa"
buffer.add_callback_sink(refuse)
try:
    buffer.flush()
    raise SystemExit("it was not refused")
except sluice.SluiceError:
    pass
if {end!r} == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
del buffer
"""
    ended = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, timeout=60)
    assert ended.returncode == (-signal.SIGKILL if end == "kill" else 0), ended.stderr
    with sluice.CircularBuffer(file=path, packet_size=4, attach="attach", many_producers=many) as buffer:
        assert list(buffer) == [b"bbbb", b"cccc", b"dddd"]
        buffer.clear()
