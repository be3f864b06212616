"""`async for batch in buffer` is one more sink: files beside it get the same packets, and it gets what others flush."""

import asyncio
import gc
import os
import threading

import pytest

import sluice

COUNT = 2500


def run(main):
    async def limited():
        return await asyncio.wait_for(main, 60)

    return asyncio.run(limited())


def numbers(first=0, count=COUNT):
    return b"".join(number.to_bytes(4, "little") for number in range(first, first + count))


async def collected(buffer, taken):
    async for batch in buffer:
        taken.append(bytes(batch))


@pytest.mark.parametrize("pump", [False, True])
def test_the_file_and_the_iteration_get_all_packets(make, tmp_path, pump):
    buffer, taken = make(flush_size=100, flush_timeout=0.05, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")
    if pump:
        buffer.start()

    def produce():
        for first in range(0, COUNT, 250):
            assert buffer.put_many(numbers(first, 250)) == 250
        buffer.close()

    async def main():
        asyncio.get_running_loop().call_later(0.05, threading.Thread(target=produce).start)
        await collected(buffer, taken)

    run(main())
    assert (tmp_path / "x.dat").read_bytes() == numbers()
    assert b"".join(taken) == numbers()


def test_what_others_flush_comes_too(make, tmp_path):
    buffer, taken = make(flush_size=1000, flush_timeout=None, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")

    async def main():
        task = asyncio.ensure_future(collected(buffer, taken))
        await asyncio.sleep(0.02)
        for first in range(0, 10):
            buffer.put_many(numbers(first, 1))
            await asyncio.to_thread(buffer.flush)
        while len(b"".join(taken)) < 40:
            await asyncio.sleep(0.01)
        buffer.put_many(numbers(10, 5))
        assert buffer.stop() is None  # flushes too
        buffer.put_many(numbers(15, 5))
        buffer.close()
        await task

    run(main())
    assert b"".join(taken) == numbers(0, 20) == (tmp_path / "x.dat").read_bytes()


def test_a_pump_may_come_and_go(make, tmp_path):
    buffer, taken = make(flush_size=3, flush_timeout=None, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")

    async def main():
        task = asyncio.ensure_future(collected(buffer, taken))
        put = 0
        for action in (None, buffer.start, buffer.stop, buffer.start, buffer.stop, None):
            if action is not None:
                await asyncio.to_thread(action)
            buffer.put_many(numbers(put, 3))
            put += 3
            while len(b"".join(taken)) < 4 * put:
                await asyncio.sleep(0.002)
        buffer.close()
        await task

    run(main())
    assert b"".join(taken) == numbers(0, 18) == (tmp_path / "x.dat").read_bytes()


def test_what_an_iteration_was_not_given_is_what_the_next_one_gets_first(make, tmp_path):
    buffer = make(flush_size=2, flush_timeout=None, packet_size=4)
    buffer.set_primary_sink(tmp_path / "x.dat")

    async def main():
        buffer.put_many(numbers(0, 2))
        batches = buffer.__aiter__()
        assert bytes(await batches.__anext__()) == numbers(0, 2)
        buffer.put_many(numbers(2, 2))
        buffer.flush()  # goes to the file, and waits for the iteration
        assert len(buffer) == 0
        await batches.aclose()
        buffer.put_many(numbers(4, 2))
        buffer.flush()  # while there is none: to the file alone
        async for batch in buffer:
            return bytes(batch)

    assert run(main()) == numbers(2, 2)
    buffer.close()
    assert (tmp_path / "x.dat").read_bytes() == numbers(0, 6)


def test_a_buffer_without_sinks_keeps_what_an_iteration_leaves(make):
    buffer = make(flush_size=2, flush_timeout=None, packet_size=4)

    async def main():
        buffer.put_many(numbers(0, 4))
        async for batch in buffer:
            break
        buffer.put_many(numbers(4, 3))
        return bytes(batch)

    assert run(main()) == numbers(0, 4)
    gc.collect()
    assert len(buffer) == 3
    with pytest.raises(RuntimeError, match="no primary sink"):
        buffer.flush()
    assert buffer.pop_many() == numbers(4, 3)


def test_a_sink_that_fails_is_raised_and_nothing_comes_twice(make, tmp_path):
    buffer, taken = make(flush_size=2, flush_timeout=None, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")
    buffer.put_many(numbers(0, 2))

    async def main():
        await collected(buffer, taken)

    (tmp_path / "x.dat").unlink()
    with pytest.raises(FileNotFoundError, match="restore_files"):
        run(main())
    assert b"".join(taken) == numbers(0, 2)
    assert len(buffer) == 2  # for the file
    assert buffer.restore_files() == 1
    assert buffer.flush()[0] == 2
    buffer.put_many(numbers(2, 2))
    loop = asyncio.new_event_loop()
    loop.call_later(0.05, buffer.close)
    loop.run_until_complete(main())
    loop.close()
    assert b"".join(taken) == numbers(0, 4) == (tmp_path / "x.dat").read_bytes()


def test_a_sink_that_is_not_ready_holds_nothing_up_for_ever(make):
    buffer, taken = make(flush_size=2, flush_timeout=None, packet_size=4), []
    memory = buffer.add_memory_sink(8)
    buffer.put_many(numbers(0, 6))

    async def main():
        task = asyncio.ensure_future(collected(buffer, taken))
        kept = b""
        while len(kept) < 24:
            kept += memory.take()
            await asyncio.sleep(0.01)
        buffer.close()
        await task
        return kept

    assert run(main()) == numbers(0, 6) == b"".join(taken)


def test_disconnect_leaves_the_iteration(make, tmp_path):
    buffer, taken = make(flush_size=2, flush_timeout=None, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")

    async def main():
        task = asyncio.ensure_future(collected(buffer, taken))
        await asyncio.sleep(0.01)
        buffer.put_many(numbers(0, 3))
        await asyncio.to_thread(buffer.disconnect_sinks)
        buffer.put_many(numbers(3, 3))
        while len(b"".join(taken)) < 24:
            await asyncio.sleep(0.01)
        buffer.close()
        await task

    run(main())
    assert (tmp_path / "x.dat").read_bytes() == numbers(0, 3)
    assert b"".join(taken) == numbers(0, 6)


def test_an_unpack_that_raises_gives_the_batch_to_the_next_one(make):
    class Frame:
        bad = True

        def __init__(self, data):
            self.data = data

        @classmethod
        def unpack(cls, data):
            if cls.bad:
                raise ZeroDivisionError("no unpack today")
            return cls(bytes(data))

    buffer, taken = make(flush_size=2, flush_timeout=None), []
    buffer.put_many([Frame(b"a"), Frame(b"bc")])

    async def main():
        async for batch in buffer:
            taken.extend(packet.data for packet in batch)
            return

    with pytest.raises(ZeroDivisionError):
        run(main())
    Frame.bad = False
    run(main())
    assert taken == [b"a", b"bc"]


def test_a_discard_ends_an_iteration_without_a_last_batch(make, tmp_path):
    buffer, taken = make(flush_size=100, flush_timeout=None, packet_size=4), []
    buffer.set_primary_sink(tmp_path / "x.dat")

    async def main():
        task = asyncio.ensure_future(collected(buffer, taken))
        await asyncio.sleep(0.02)
        buffer.put_many(numbers(0, 3))
        await asyncio.to_thread(buffer.discard)
        await task

    run(main())
    assert taken == []


def test_no_descriptor_and_no_memory_stays(tmp_path):
    def once(index):
        buffer = sluice.FIFO(flush_size=2, flush_timeout=None, packet_size=4)
        buffer.set_primary_sink(tmp_path / f"{index}.dat")
        if index % 2:
            buffer.start()

        async def main():
            asyncio.get_running_loop().call_later(0.01, buffer.put_many, numbers(0, 2))  # once the iteration waits
            async for _ in buffer:
                break

        asyncio.run(main())
        buffer.close()

    for index in range(4):
        once(index)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for index in range(4, 40):
        once(index)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


# ---- one iteration after the other ----


async def first_of(buffer):
    async for batch in buffer:
        return bytes(batch)


def test_an_iteration_that_was_left_by_a_break_is_over_at_once(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    async def main():
        for round in range(50):
            buffer.put_many(numbers(2 * round, 2))
            async for batch in buffer:
                break
            assert bytes(batch) == numbers(2 * round, 2)  # without a turn of the loop between the two
            buffer.put(numbers(round, 1))
            assert await first_of(buffer) == numbers(round, 1)

    run(main())
    assert len(buffer) == 0


def test_an_exception_in_the_body_ends_the_iteration(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    async def main():
        buffer.put_many(numbers(0, 2))
        try:
            async for _ in buffer:
                raise KeyError("in the body")
        except KeyError:
            buffer.put_many(numbers(2, 2))
            assert await first_of(buffer) == numbers(2, 2)

    run(main())


def test_a_cancelled_task_leaves_the_iteration_to_the_next_one(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    async def main():
        task = asyncio.ensure_future(first_of(buffer))
        await asyncio.sleep(0.01)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:  # which holds the frames of the iteration
            buffer.put(numbers(0, 1))
            assert await first_of(buffer) == numbers(0, 1)

    run(main())


def test_aclose_ends_an_iteration_that_is_held(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    async def main():
        iteration = aiter(buffer)
        buffer.put(numbers(0, 1))
        assert bytes(await anext(iteration)) == numbers(0, 1)
        with pytest.raises(RuntimeError, match="another task waits"):
            await first_of(buffer)
        await iteration.aclose()
        await iteration.aclose()
        buffer.put(numbers(1, 1))
        assert await first_of(buffer) == numbers(1, 1)
        with pytest.raises(StopAsyncIteration):
            await anext(iteration)

    run(main())


def test_two_tasks_cannot_ask_one_iteration(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    async def main():
        iteration = aiter(buffer)
        task = asyncio.ensure_future(anext(iteration))
        await asyncio.sleep(0.01)
        for asked in (anext(iteration), iteration.aclose()):
            with pytest.raises(RuntimeError, match="another task waits"):
                await asked
        buffer.put(numbers(0, 1))
        assert bytes(await task) == numbers(0, 1)

    run(main())


def test_another_loop_goes_on_after_one_that_ended(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)
    held = []

    async def leave():
        buffer.put(numbers(0, 1))
        held.append(aiter(buffer))
        await anext(held[0])

    async def goes_on():
        buffer.put(numbers(1, 1))
        assert await first_of(buffer) == numbers(1, 1)

    run(leave())
    run(goes_on())
    run(goes_on())


@pytest.mark.filterwarnings("ignore:.*was never awaited")
def test_a_loop_that_was_closed_under_a_task_strands_nobody(make):
    buffer = make(flush_size=1, flush_timeout=None, packet_size=4)

    for wait in (first_of, lambda buffer: buffer.readable()):
        loop = asyncio.new_event_loop()
        task = loop.create_task(wait(buffer))
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

        async def goes_on():
            buffer.put(numbers(1, 1))
            assert await first_of(buffer) == numbers(1, 1)
            assert not await buffer.readable(0.01)

        run(goes_on())
        task._log_destroy_pending = False
        del task
        gc.collect()
        run(goes_on())


def test_an_iteration_that_is_dropped_inside_a_callback_is_over(make):
    buffer = make(flush_size=2, flush_timeout=None, packet_size=4)
    held, seen = [], []

    def accept(batch):
        held.clear()
        seen.append(bytes(batch))

    buffer.add_callback_sink(accept)

    async def main():
        held.append(aiter(buffer))
        buffer.put_many(numbers(0, 2))
        await anext(held[0])
        for first in range(2, 10, 2):
            buffer.put_many(numbers(first, 2))
            buffer.flush()
        buffer.put_many(numbers(10, 2))
        async for batch in buffer:
            assert bytes(batch) == numbers(10, 2)  # what came while there was none is the callback's alone
            break

    run(main())
    assert b"".join(seen) == numbers(0, 12)
