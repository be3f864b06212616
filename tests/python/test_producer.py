"""sluice.Producer: packets into a ring that somebody else takes from."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import sluice

LAYOUT = "< magic:H=0x51CE; number:I"


@pytest.fixture
def name():
    made = f"producer.{os.getpid()}.{time.monotonic_ns()}"
    yield made
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"/dev/shm/sluice.{made}")  # of a ring that was left with packets in it


def packet(number: int) -> bytes:
    return b"\xce\x51" + number.to_bytes(4, "little")


def test_packets_arrive_in_order(name):
    with sluice.CircularBuffer(name=name, layout=LAYOUT) as buffer, sluice.Producer(name) as producer:
        assert (producer.packet_size, producer.capacity) == (6, 1 << 20)
        assert str(producer.layout) == str(buffer.layout)
        assert producer.put(packet(0)) is True
        assert producer.put_many(packet(1) + packet(2)) == 2
        assert [buffer.pop() for _ in range(3)] == [packet(0), packet(1), packet(2)]


def test_records_have_any_size(name):
    with sluice.CircularBuffer(name=name) as buffer, sluice.Producer(name) as producer:
        assert producer.packet_size is None
        for one in (b"", b"abc", bytes(1000)):
            producer.put(one, type=7)
        assert [buffer.pop() for _ in range(3)] == [b"", b"abc", bytes(1000)]
        with pytest.raises(TypeError, match="one by one"):
            producer.put_many(b"abc")
        with pytest.raises(ValueError, match="65536"):
            producer.put(b"a", type=65536)
        with pytest.raises(ValueError, match="capacity"):
            producer.put(bytes(2 << 20))


def test_a_file_is_attached_to(tmp_path):
    path = tmp_path / "ring"
    with sluice.CircularBuffer(file=path, packet_size=4) as buffer, sluice.Producer(file=path) as producer:
        producer.put(b"abcd")
        assert buffer.pop() == b"abcd"


def test_what_is_wrong_is_told_and_changes_nothing(name):
    with pytest.raises(FileNotFoundError, match=name):
        sluice.Producer(name, timeout=0.02)
    with pytest.raises(ValueError, match="name or a file"):
        sluice.Producer()
    with pytest.raises(ValueError, match="-1"):
        sluice.Producer(name, timeout=-1)
    with sluice.CircularBuffer(name=name, layout=LAYOUT) as buffer, sluice.Producer(name) as producer:
        with pytest.raises(sluice.SluiceError, match="alive"):
            sluice.Producer(name)
        with pytest.raises(ValueError, match="5 bytes.*6"):
            producer.put(b"12345")
        with pytest.raises(ValueError, match="constant"):
            producer.put(b"123456")
        with pytest.raises(ValueError, match="whole packets"):
            producer.put_many(b"1234567")
        with pytest.raises(TypeError, match="bytes-like"):
            producer.put(7)
        assert len(buffer) == 0


def test_a_closed_producer_says_so(name):
    with sluice.CircularBuffer(name=name, packet_size=4):
        producer = sluice.Producer(name)
        producer.close()
        producer.close()
        assert producer.closed
        assert "closed" in repr(producer)
        for call in (lambda: producer.put(b"abcd"), lambda: producer.put_many(b""), lambda: producer.packet_size):
            with pytest.raises(sluice.SluiceError, match="closed"):
                call()
        sluice.Producer(name).close()  # its end is free


def test_no_room_is_false_or_waited_for(name):
    with sluice.CircularBuffer(name=name, packet_size=4096, capacity=4096) as buffer, sluice.Producer(name) as producer:
        assert producer.put(bytes(4096))
        assert not producer.put(bytes(4096))
        assert len(buffer) == 1
        buffer.clear()  # else the ring and its name stay
    options = {"packet_size": 4096, "capacity": 4096, "full": "block", "block_timeout": 20.0}
    with sluice.CircularBuffer(name=name, **options) as buffer, sluice.Producer(name) as producer:
        producer.put(bytes(4096))
        taken = []

        def take() -> None:
            time.sleep(0.1)
            taken.append(buffer.pop())

        thread = threading.Thread(target=take)
        thread.start()
        assert producer.put(b"a" * 4096)
        thread.join()
        assert (taken, buffer.pop()) == ([bytes(4096)], b"a" * 4096)


def test_a_second_thread_is_refused_while_one_waits(name):
    options = {"packet_size": 4096, "capacity": 4096, "full": "block", "block_timeout": 1.0}
    with sluice.CircularBuffer(name=name, **options), sluice.Producer(name) as producer:
        producer.put(bytes(4096))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(producer.put(bytes(4096))))
        thread.start()
        time.sleep(0.2)
        with pytest.raises(sluice.SluiceError, match="one thread at a time"):
            producer.put(bytes(4096))
        thread.join()
        assert answers == [False]


def test_ctrl_c_ends_a_wait(name):
    options = {"packet_size": 4096, "capacity": 4096, "full": "block", "block_timeout": 60.0}
    code = f"""
import sluice
producer = sluice.Producer({name!r})
producer.put(bytes(4096))
print("waiting", flush=True)
try:
    producer.put(bytes(4096))
except KeyboardInterrupt:
    print("interrupted")
"""
    with sluice.CircularBuffer(name=name, **options):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "waiting\n"
            time.sleep(0.2)
            child.send_signal(signal.SIGINT)
            said, _ = child.communicate(timeout=30)
        finally:
            child.kill()
            child.wait()
        assert (said, child.returncode) == ("interrupted\n", 0)


def test_the_child_of_a_fork_is_refused(name, script):
    code = """
import os, sys, sluice
with sluice.CircularBuffer(name=sys.argv[1], packet_size=4) as buffer:
    producer = sluice.Producer(sys.argv[1])
    producer.put(b"abcd")
    child = os.fork()
    if child == 0:
        try:
            producer.put(b"efgh")
        except sluice.SluiceError as error:
            os._exit(0 if error.status is sluice.Status.E_FORKED else 3)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert len(buffer) == 1
    producer.put(b"ijkl")
    assert len(buffer) == 2
"""
    script(code, name)
