"""Signals while a call waits: a handler that returns lets the wait go on to its time-out, one that raises ends it."""

import asyncio
import os
import signal
import threading
import time

import pytest

import sluice

TIMEOUT = 0.4


class Interrupted(BaseException):
    """What a handler raises; no Exception, as KeyboardInterrupt."""


@pytest.fixture
def often():
    """A signal every 10 ms; the handler returns. The list has one item per signal."""
    caught = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: caught.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    yield caught
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def raising():
    """After 50 ms, once, a handler raises."""

    def interrupt(number, frame):
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, 0.05)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def full_ring(timeout, **options):
    buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=timeout, **options)
    assert buffer.put_many(bytes(4096)) == 4
    return buffer


def put(timeout):
    buffer = full_ring(timeout)
    return buffer, lambda: buffer.put(bytes(1024)) is False


def put_of_any_size(timeout):
    buffer = sluice.CircularBuffer(capacity=4096, full="block", block_timeout=timeout)
    while buffer.put(bytes(8)):
        if len(buffer) * 16 == 4096:
            break
    return buffer, lambda: buffer.put(bytes(8)) is False


def put_many(timeout):
    buffer = full_ring(timeout)
    return buffer, lambda: buffer.put_many(bytes(2048)) == 0


def put_each(timeout):
    buffer = full_ring(timeout)
    return buffer, lambda: buffer.put_many([bytes(1024)] * 2) == 0


def claim(timeout):
    buffer = full_ring(timeout)

    def call():
        with buffer.claim(2) as view:
            return view is None

    return buffer, call


def put_of_a_producer(timeout):
    name = f"interrupts.{os.getpid()}.{time.monotonic_ns()}"
    buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=timeout, name=name)
    producer = sluice.Producer(name)
    assert producer.put_many(bytes(4096)) == 4

    def call():
        try:
            return producer.put(bytes(1024)) is False
        finally:
            producer.close()

    return buffer, call


def attach(timeout):
    def call():
        with pytest.raises(FileNotFoundError):
            sluice.Producer(f"interrupts.nobody.{os.getpid()}", timeout=timeout)
        return True

    return None, call


def poll(timeout):
    buffer = sluice.FIFO(10, None, packet_size=4)
    buffer.add_callback_sink(lambda batch: None)
    buffer.put(b"1234")
    return buffer, lambda: buffer.poll(timeout) is False


def never_ready(timeout):
    buffer = sluice.FIFO(10, None, packet_size=4)
    buffer.add_callback_sink(lambda batch: False)
    buffer.put(b"1234")
    return buffer


def stop(timeout):
    buffer = never_ready(timeout)

    def call():
        with pytest.raises(TimeoutError):
            buffer.stop(timeout)
        return True

    return buffer, call


def stop_of_a_thread(timeout):
    buffer, call = stop(timeout)
    buffer.start()
    return buffer, call


def close(timeout):
    buffer = never_ready(timeout)

    def call():
        with pytest.raises(sluice.SluiceError):
            buffer.close(timeout)
        return True

    return buffer, call


def readable(timeout):
    buffer = sluice.FIFO(10, None, packet_size=4)
    buffer.put(b"1234")
    return buffer, lambda: asyncio.run(buffer.readable(timeout)) is False


def iterate(timeout):
    buffer = sluice.FIFO(10, None, packet_size=4)
    buffer.put(b"1234")

    async def main():
        async for _ in buffer:
            return False

    def call():
        with pytest.raises(asyncio.TimeoutError):
            asyncio.run(asyncio.wait_for(main(), timeout))
        return True

    return buffer, call


WAITS = [
    put, put_of_any_size, put_many, put_each, claim, put_of_a_producer, attach, poll, stop, stop_of_a_thread, close, readable,
    iterate,
]  # fmt: skip


@pytest.mark.parametrize("wait", WAITS)
def test_a_handler_that_returns_lets_a_wait_go_on_to_its_timeout(wait, often):
    buffer, call = wait(TIMEOUT)
    before, began = len(often), time.monotonic()
    assert call()
    assert time.monotonic() - began >= TIMEOUT * 0.95  # the clock of a loop is as fine as its ticks
    assert len(often) > before
    if buffer is not None:
        buffer.discard()


@pytest.mark.parametrize("wait", WAITS)
def test_a_handler_that_raises_ends_a_wait(wait, raising):
    buffer, call = wait(60.0)
    raising()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        call()
    assert time.monotonic() - began < 30
    if buffer is not None:
        buffer.discard()


def hung():
    """A buffer whose thread is inside a function of the host, and what lets it go on."""
    goes_on, inside = threading.Event(), threading.Event()
    buffer = sluice.FIFO(1, None, packet_size=4)

    def accept(batch):
        inside.set()
        goes_on.wait(60)

    buffer.add_callback_sink(accept)
    buffer.start()
    buffer.put(b"1234")
    assert inside.wait(60)
    return buffer, goes_on


INSIDE = {
    "flush": lambda buffer: buffer.flush(),
    "pop": lambda buffer: buffer.pop(),
    "peek": lambda buffer: buffer.peek(),
    "pop_many": lambda buffer: buffer.pop_many(),
    "iter": lambda buffer: iter(buffer),
    "len": lambda buffer: len(buffer),
    "clear": lambda buffer: buffer.clear(),
    "stats": lambda buffer: buffer.stats(),
    "flush_needed": lambda buffer: buffer.flush_needed(),
    "add_memory_sink": lambda buffer: buffer.add_memory_sink(100),
    "disconnect_sinks": lambda buffer: buffer.disconnect_sinks(),
    "stop": lambda buffer: buffer.stop(),
    "close": lambda buffer: buffer.close(),
    "readable": lambda buffer: asyncio.run(buffer.readable()),
}


@pytest.mark.parametrize("call", INSIDE)
def test_a_handler_that_raises_ends_a_wait_for_a_function_that_hangs(call, raising):
    buffer, goes_on = hung()
    try:
        raising()
        began = time.monotonic()
        with pytest.raises(Interrupted):
            INSIDE[call](buffer)
        assert time.monotonic() - began < 30
    finally:
        goes_on.set()
    buffer.discard()
