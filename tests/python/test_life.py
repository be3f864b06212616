"""The package in the life of a process: threads, Ctrl-C, fork, exit."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import sluice


def test_threads_share_a_buffer(make):
    buffer = make(packet_size=16, capacity=1 << 22)
    threads, each = 6, 5000

    def produce(number):
        for index in range(each):
            assert buffer.put(number.to_bytes(8, "big") + index.to_bytes(8, "big"))

    workers = [threading.Thread(target=produce, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    seen = {number: 0 for number in range(threads)}
    taken, deadline = 0, time.monotonic() + 60
    while taken < threads * each and time.monotonic() < deadline:
        try:
            packet = buffer.pop()
        except IndexError:
            time.sleep(0.001)
            continue
        number, index = int.from_bytes(packet[:8], "big"), int.from_bytes(packet[8:], "big")
        assert seen[number] == index  # in order per producer, nothing lost, nothing twice
        seen[number] += 1
        taken += 1
    for worker in workers:
        worker.join()
    assert taken == threads * each


def test_threads_wait_for_room_side_by_side():
    buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=30)
    threads, each = 4, 200

    def produce(number):
        for index in range(each):
            assert buffer.put(number.to_bytes(512, "big") + index.to_bytes(512, "big"))

    workers = [threading.Thread(target=produce, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    seen, taken, deadline = [0] * threads, 0, time.monotonic() + 60
    while taken < threads * each and time.monotonic() < deadline:
        try:
            packet = buffer.pop()
        except IndexError:
            time.sleep(0.0005)
            continue
        number = int.from_bytes(packet[:512], "big")
        assert seen[number] == int.from_bytes(packet[512:], "big")
        seen[number] += 1
        taken += 1
    for worker in workers:
        worker.join()
    assert seen == [each] * threads
    buffer.close()


def test_a_close_ends_a_put_that_waits():
    buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=None)
    buffer.put_many(bytes(4096))
    outcome = []

    def wait():
        try:
            outcome.append(buffer.put(bytes(1024)))
        except sluice.SluiceError as error:
            outcome.append(error)

    worker = threading.Thread(target=wait)
    worker.start()
    time.sleep(0.2)
    assert not outcome
    buffer.close()
    worker.join(20)
    assert isinstance(outcome[0], sluice.SluiceError)
    assert "closed" in str(outcome[0])


def test_closes_from_many_threads(make, tmp_path):
    for round in range(20):
        buffer = make(packet_size=8)
        buffer.set_primary_sink(tmp_path / f"{round}.dat")
        errors = []

        def use(buffer=buffer, errors=errors):
            try:
                for _ in range(2000):
                    buffer.put(bytes(8))
                buffer.close()
            except sluice.SluiceError as error:
                if "closed" not in str(error):
                    errors.append(error)

        workers = [threading.Thread(target=use) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not errors
        assert buffer.closed
        assert (tmp_path / f"{round}.dat").stat().st_size % 8 == 0


INTERRUPTED = {
    "put": """
        buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=None)
        buffer.put_many(bytes(4096))
        begin()
        buffer.put(bytes(1024))
    """,
    "put_many": """
        buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=None)
        begin()
        buffer.put_many(bytes(1 << 16))
    """,
    "poll": """
        buffer = sluice.FIFO(flush_size=10, flush_timeout=None, packet_size=8)
        buffer.set_primary_sink(sys.argv[1])
        begin()
        buffer.poll(None)
    """,
    "flush": """
        buffer = sluice.FIFO(packet_size=8)
        buffer.set_primary_sink(sys.argv[1])
        buffer.add_custom_sink(sys.argv[1] + ".txt", sluice.WriteMode.TEXT, lambda packet: time.sleep(30))
        buffer.put(bytes(8))
        begin()
        buffer.flush()
    """,
}


@pytest.mark.parametrize("call", INTERRUPTED)
def test_ctrl_c_ends_a_call_that_waits(call, tmp_path):
    code = f"""
import signal, sys, time
import sluice
signal.signal(signal.SIGINT, signal.default_int_handler)

def begin():
    print("waiting", flush=True)

try:
{textwrap.indent(textwrap.dedent(INTERRUPTED[call]), "    ")}
except KeyboardInterrupt:
    print("interrupted", len(buffer))
    buffer.discard()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "data.dat")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    expected = {"put": 4, "put_many": 4, "poll": 0, "flush": 1}[call]
    assert out == f"interrupted {expected}\n", err


def test_a_forked_child_gets_a_clear_error(tmp_path):
    buffer = sluice.FIFO(packet_size=8)
    buffer.set_primary_sink(tmp_path / "data.dat")
    buffer.put(bytes(8))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        told = []
        for call in (
            lambda: buffer.put(b"12345678"),
            lambda: buffer.put_many(bytes(16)),
            buffer.flush,
            buffer.pop,
            lambda: len(buffer),
            sluice.FIFO,
            lambda: sluice.PacketLayout("> pin:B"),
        ):
            try:
                call()
                told.append("nothing")
            except sluice.SluiceError as error:
                told.append(error.status.name)
            except BaseException as error:
                told.append(repr(error))
        buffer.close()
        del buffer
        os.write(writer, " ".join(told).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        assert pipe.read().split() == ["E_FORKED"] * 7
    assert os.waitpid(child, 0)[1] == 0
    assert buffer.put(b"12345678")
    assert buffer.flush() == (2, 16)
    buffer.close()


def test_a_fork_before_the_first_use_leaves_the_child_free(script, tmp_path):
    done = script(
        """
        import os, sys
        import sluice
        child = os.fork()
        with sluice.FIFO(packet_size=8) as buffer:
            buffer.set_primary_sink(sys.argv[1] + ("/parent" if child else "/child"))
            buffer.put(b"12345678")
        if child:
            assert os.waitpid(child, 0)[1] == 0
            print("both")
        """,
        tmp_path,
    )
    assert done.stdout == "both\n"
    assert (tmp_path / "parent").read_bytes() == (tmp_path / "child").read_bytes() == b"12345678"


@pytest.mark.parametrize("end", ["pass", "sys.exit(0)", "buffer.start()", "del sys.modules['sluice']"])
def test_what_is_stored_at_exit_is_flushed(script, tmp_path, end):
    script(
        f"""
        import sys
        import sluice
        buffer = sluice.FIFO(flush_timeout=None, packet_size=8)
        buffer.set_primary_sink(sys.argv[1] + "/data.dat")
        text = sluice.WriteMode.TEXT
        buffer.add_custom_sink(sys.argv[1] + "/data.txt", text, lambda packet: packet.hex() + "\\n")
        for index in range(10000):
            buffer.put(index.to_bytes(8, "big"))
        {end}
        """,
        tmp_path,
    )
    packets = [index.to_bytes(8, "big") for index in range(10000)]
    assert (tmp_path / "data.dat").read_bytes() == b"".join(packets)
    assert (tmp_path / "data.txt").read_text() == "".join(packet.hex() + "\n" for packet in packets)


def test_an_uncaught_exception_flushes_too(script, tmp_path):
    done = script(
        """
        import sys
        import sluice
        buffer = sluice.FIFO(packet_size=8)
        buffer.set_primary_sink(sys.argv[1])
        buffer.put(b"12345678")
        raise SystemError("on purpose")
        """,
        tmp_path / "data.dat",
        check=False,
    )
    assert done.returncode == 1
    assert "on purpose" in done.stderr
    assert (tmp_path / "data.dat").read_bytes() == b"12345678"


def test_puts_during_the_exit_never_crash(script, tmp_path):
    done = script(
        """
        import atexit, sys, threading, time

        class Late:
            def __del__(self):
                try:
                    buffer.put(bytes(8))
                except Exception:
                    pass

        def late():
            try:
                print(buffer.put(bytes(8)))
            except sluice.SluiceError as error:
                print(error.status.name)

        atexit.register(late)  # before the package: runs after its own handler
        import sluice
        buffer = sluice.FIFO(packet_size=8, capacity=4096)
        buffer.set_primary_sink(sys.argv[1])
        keep = Late()

        def produce():
            while True:
                buffer.put(bytes(8))

        for _ in range(2):
            threading.Thread(target=produce, daemon=True).start()
        time.sleep(0.2)
        """,
        tmp_path / "data.dat",
    )
    assert done.stdout == "E_SHUTDOWN\n"
    size = (tmp_path / "data.dat").stat().st_size
    assert size > 0
    assert size % 8 == 0


def test_buffers_come_and_go(make):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    for _ in range(20):
        make(packet_size=8).close()
    before = descriptors()
    for _ in range(300):
        buffer = sluice.FIFO(packet_size=8)
        buffer.put(bytes(8))
        buffer.close()
    assert descriptors() <= before


def test_references_are_returned(tmp_path):
    packet, formatter, data = b"12345678", (lambda packet: "x\n"), bytearray(8)

    class Packet:
        pass

    instance = Packet()
    instance.data = data

    def counts():
        return [sys.getrefcount(one) for one in (packet, formatter, data, instance)]

    before = counts()
    for round in range(50):
        buffer = sluice.FIFO(packet_size=8)
        buffer.set_primary_sink(tmp_path / f"{round}.dat")
        buffer.add_custom_sink(tmp_path / f"{round}.txt", sluice.WriteMode.TEXT, formatter)
        for one in (packet, data, instance):
            buffer.put(one)
        for wrong in (formatter, b"short", Packet()):
            with pytest.raises((TypeError, ValueError)):
                buffer.put(wrong)
        buffer.put_many([packet, data, instance])
        buffer.close()
        del buffer, one, wrong
    assert counts() == before
    data.extend(b"not exported any more")
