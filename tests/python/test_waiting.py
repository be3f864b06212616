"""Batches in asyncio."""

import asyncio
import threading
import time

import pytest

import sluice


class OnlyReaders(asyncio.SelectorEventLoop):
    """A loop that has what others have too: readers and timers; no wait for a selector's own objects."""

    readers = 0

    def add_reader(self, fd, callback, *args):
        assert isinstance(fd, int)
        self.readers += 1
        super().add_reader(fd, callback, *args)

    def remove_reader(self, fd):
        self.readers -= super().remove_reader(fd)


def run(main):
    """Runs a coroutine; nothing stays registered in the loop."""
    loop = OnlyReaders()
    try:
        return loop.run_until_complete(asyncio.wait_for(main, 30))
    finally:
        assert loop.readers == 0
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def later(seconds, call, *arguments):
    timer = threading.Timer(seconds, call, arguments)
    timer.start()
    return timer


def test_readable_at_flush_size(make):
    buffer = make(flush_size=3, flush_timeout=None, packet_size=4)

    async def main():
        assert not await buffer.readable(0)
        assert not await buffer.readable(0.05)
        buffer.put_many(bytes(8))
        assert not await buffer.readable(0.05)
        later(0.05, buffer.put, bytes(4))
        began = time.monotonic()
        assert await buffer.readable()
        assert time.monotonic() - began > 0.04
        assert await buffer.readable(0)
        assert buffer.pop_many() == bytes(12)
        assert not await buffer.readable(0)

    run(main())


def test_readable_at_flush_timeout(make):
    buffer = make(flush_size=100, flush_timeout=0.1, packet_size=4)

    async def main():
        began = time.monotonic()
        assert not await buffer.readable(0.25)  # empty: the clock starts anew
        assert time.monotonic() - began >= 0.24
        buffer.put(bytes(4))
        assert await buffer.readable(5)
        assert buffer.time_since_last_flush() >= 0.1

    run(main())


@pytest.mark.parametrize("options", [{"packet_size": 4}, {}])
def test_without_a_rule_any_packet_is_a_batch(make, options):
    buffer = make(flush_timeout=None, **options)

    async def main():
        later(0.05, buffer.put, b"1234")
        assert await buffer.readable(10)
        assert len(buffer.pop_many()) > 0

    run(main())


def test_rules_that_no_producer_signals(make):
    async def main(buffer):
        timer = later(0.05, buffer.put_many, [b"1234"] * 5)
        assert not await buffer.readable(0.03)
        assert await buffer.readable(10)
        timer.join()
        assert len(buffer) == 5

    run(main(make(flush_size=5, flush_timeout=None)))  # packets of any size are not counted by producers
    run(main(make(flush_bytes=20, flush_timeout=None, packet_size=4)))
    buffer = make(flush_size=1000, flush_timeout=None, packet_size=4)
    buffer.add_controller(lambda snapshot: snapshot.packets >= 5)
    run(main(buffer))


def test_waiting_does_not_turn_the_cpu(make):
    for options in ({"flush_timeout": 0.5, "packet_size": 4}, {"flush_size": 3, "flush_timeout": None}):
        buffer = make(**options)
        buffer.put(b"1234")

        async def main(buffer=buffer):
            before = time.process_time()
            assert not await buffer.readable(0.4)
            assert time.process_time() - before < 0.1

        run(main())


def test_a_forced_release_and_configure_wake(make):
    buffer = make(flush_size=1000, flush_timeout=None, packet_size=4)
    buffer.put(bytes(4))

    async def main():
        later(0.05, buffer.force_release)
        assert await buffer.readable(10)
        buffer.pop_many()
        buffer.put(bytes(4))
        assert not await buffer.readable(0)
        later(0.05, buffer.configure, 1, None)
        assert await buffer.readable(10)

    run(main())


def test_batches_until_the_close(make):
    buffer = make(flush_size=100, flush_timeout=0.1, layout="< number:I")
    count = 1050

    def produce():
        for number in range(count):
            buffer.put(number.to_bytes(4, "little"))
        buffer.close()

    async def main():
        taken = []
        asyncio.get_running_loop().call_soon(threading.Thread(target=produce).start)  # once the iteration waits
        async for batch in buffer:
            assert batch.dtype == buffer.layout.dtype()
            taken.extend(batch["number"])
        return taken

    assert run(main()) == list(range(count))
    assert buffer.closed


def test_batches_of_packets_of_any_size(make):
    buffer = make(flush_size=2, flush_timeout=None)
    put = [bytes(size) for size in range(7)]

    async def main():
        asyncio.get_running_loop().call_later(0.02, lambda: (buffer.put_many(put), buffer.close()))  # once the iteration waits
        return [packet async for batch in buffer for packet in batch]

    assert run(main()) == put


def test_a_close_ends_a_wait(make):
    buffer = make(packet_size=4)

    async def main():
        later(0.05, buffer.close)
        assert await buffer.readable() is False
        with pytest.raises(sluice.SluiceError, match="closed"):
            await buffer.readable()
        assert [batch async for batch in buffer] == []

    run(main())


def test_a_cancelled_task_has_taken_nothing(make):
    buffer = make(flush_size=10, flush_timeout=None, packet_size=4)
    taken = []

    async def consume():
        async for batch in buffer:
            taken.append(batch)

    async def main():
        for _ in range(20):
            task = asyncio.ensure_future(consume())
            await asyncio.sleep(0.002)
            buffer.put_many(bytes(4 * 7))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        with pytest.raises(asyncio.TimeoutError):
            buffer.pop_many(len(buffer))
            await asyncio.wait_for(buffer.readable(), 0.02)

    buffer.put_many(bytes(4))
    run(main())
    stats = buffer.stats()
    assert stats["pushed"] == 141
    assert stats["popped"] == 141


def test_one_task_at_a_time(make):
    buffer = make(packet_size=4)

    async def main():
        task = asyncio.ensure_future(buffer.readable())
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="another task waits"):
            await buffer.readable(0.1)
        with pytest.raises(RuntimeError, match="another task waits"):
            async for _ in buffer:
                pass
        task.cancel()
        await asyncio.sleep(0)
        assert not await buffer.readable(0.01)

    run(main())
    run(main())  # another loop, later
    with pytest.raises(RuntimeError, match="no running event loop"):
        buffer.readable().send(None)


def test_another_thread_is_another_task(make):
    buffer = make(packet_size=4)
    errors = []

    def wait():
        try:
            asyncio.run(buffer.readable(0.01))
        except RuntimeError as error:
            errors.append(str(error))

    async def main():
        task = asyncio.ensure_future(buffer.readable())
        await asyncio.sleep(0.01)
        await asyncio.to_thread(wait)
        task.cancel()

    run(main())
    assert errors == ["another task waits for packets of this buffer already"]


def test_a_buffer_with_a_thread_of_its_own_is_refused(make, tmp_path):
    buffer = make(packet_size=4)
    buffer.set_primary_sink(tmp_path / "data.dat")

    async def main():
        later(0.05, buffer.start)
        with pytest.raises(RuntimeError, match="pump"):
            await buffer.readable(10)
        with pytest.raises(RuntimeError, match="pump"):
            await buffer.readable(10)

    run(main())
    buffer.stop()


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_the_timeout_is_checked(make, timeout):
    async def main():
        with pytest.raises(ValueError, match="timeout is"):
            await make(packet_size=4).readable(timeout)

    run(main())


def test_an_iteration_that_is_left_leaves_the_rest(make):
    buffer = make(flush_size=2, flush_timeout=None, packet_size=4)

    async def main():
        buffer.put_many(bytes(8))
        async for batch in buffer:
            assert batch == bytes(8)
            buffer.put_many(bytes(12))
            break
        assert len(buffer) == 3

    run(main())
