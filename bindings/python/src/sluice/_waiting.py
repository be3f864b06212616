"""Waiting for batches in an asyncio event loop."""

from __future__ import annotations

import asyncio
import time
import weakref
from typing import Any, Self

from . import _sluice
from ._errors import SluiceError, error_of
from ._generated.statuses import Status

#: How long a close that is under way is left alone - it may fail, and the buffer go on -, or a sink that is not ready.
_NOT_NOW_SECONDS = 0.005


class _Turn:
    """What one task at a time has. It ends once: by its owner, or by who finds that the loop of the owner is closed."""

    __slots__ = ("_held", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._held = [True]
        self.loop = loop

    def end(self) -> bool:
        """Whether this call ended it, and not one before; also between threads."""
        try:
            return self._held.pop()
        except IndexError:
            return False


class AwaitableBuffer(_sluice.Buffer):
    """The part of a buffer that waits: in the loop, by the buffer's event descriptor, without a thread."""

    __slots__ = ("_iteration", "_waiter")

    _iteration: weakref.ref[BatchIteration]
    _waiter: _Turn

    async def readable(self, timeout: float | None = None) -> bool:
        """Waits until a batch is to be taken: packets are stored, and ``flush_needed()``.

        Without `flush_size`, `flush_timeout`, `flush_bytes` and controllers any packet is a batch. While the buffer is
        empty, the clock of `flush_timeout` starts anew when it is over. A task that is cancelled here has taken nothing.

        :param timeout: seconds; None: for ever.
        :returns: True: take it, as by ``pop_many()``. False: not in time, or the buffer was closed meanwhile.
        :raises SluiceError: (a RuntimeError) another task waits already, or ``start()`` runs a thread that takes the
            packets; (a ValueError) the buffer is closed.
        """
        if timeout is not None and not timeout >= 0:
            raise ValueError(f"timeout is {timeout} s, it must be 0 or more, or None")
        deadline = None if timeout is None else time.monotonic() + timeout
        loop = asyncio.get_running_loop()
        self._end_stranded()
        descriptor = self._wait_begin()
        turn = self._waiter = _Turn(loop)
        try:
            while True:
                try:
                    pause = self._wait_round()
                except SluiceError as error:
                    if error.status != Status.E_HANDLE:
                        raise
                    if self.closed:
                        return False
                    pause = _NOT_NOW_SECONDS
                if pause == 0:
                    return True
                if deadline is not None:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    pause = left if pause is None else min(left, pause)
                await _signal(loop, descriptor, pause)
        finally:
            if turn.end():
                self._wait_end()

    def __aiter__(self) -> BatchIteration:
        """Batch after batch as it is flushed, as ``pop_many()`` returns them, until the buffer is closed.

        While it runs the iteration is one more sink: it flushes when a flush is due, the other sinks get the same packets,
        and it gets what others flush, ``start()``'s thread among them. A close leaves what is stored as the last batch. It ends
        with its loop: a ``break``, an exception and a cancelled task end it at once, and another one may begin. What an
        iteration that is left has not been given is what the next one gets first.

        :raises SluiceError: a sink beside it failed: what it has not taken stays stored; iterate again when it is mended.
            (A RuntimeError) another task iterates or waits already.
        """
        return BatchIteration(self)

    def _end_stranded(self) -> None:
        """Ends a wait and an iteration whose event loop is closed: their tasks never go on."""
        waiter = getattr(self, "_waiter", None)
        if waiter is not None and waiter.loop.is_closed() and waiter.end():
            self._wait_end()
        reference = getattr(self, "_iteration", None)
        iteration = None if reference is None else reference()
        if iteration is not None and iteration.is_stranded():
            iteration.end()


class BatchIteration:
    """``async for batch in buffer``. It is over with the last reference to it, without a loop to end it."""

    __slots__ = ("__weakref__", "_asked", "_buffer", "_over", "_turn")

    def __init__(self, buffer: AwaitableBuffer) -> None:
        self._buffer = buffer
        self._turn: _Turn | None = None
        self._asked = False
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._asked:
            raise error_of(Status.E_BUSY, "another task waits for the next batch of this iteration already")
        self._asked = True
        try:
            batch = None if self._over else await self._next()
        except BaseException:
            self.end()
            raise
        finally:
            self._asked = False
        if batch is None:
            self.end()
            raise StopAsyncIteration
        return batch

    async def aclose(self) -> None:
        """Ends the iteration; a second call does nothing."""
        if self._asked:
            raise error_of(Status.E_BUSY, "another task waits for the next batch of this iteration")
        self.end()

    def __del__(self) -> None:
        self.end()

    def is_stranded(self) -> bool:
        """Whether it never goes on, as its event loop is closed."""
        return self._turn is not None and self._turn.loop.is_closed()

    def end(self) -> None:
        """The iteration is no sink any more."""
        self._over = True
        if self._turn is not None and self._turn.end():
            self._buffer._read_end()

    def _begin(self) -> None:
        buffer, loop = self._buffer, asyncio.get_running_loop()
        if self._turn is not None:
            self._turn.loop = loop
            return
        buffer._end_stranded()
        buffer._read_begin()
        self._turn = _Turn(loop)
        buffer._iteration = weakref.ref(self)

    async def _next(self) -> Any | None:
        """The next batch; None: the buffer is closed, and everything was given."""
        buffer = self._buffer
        if self._turn is None and buffer.closed:
            return None
        self._begin()
        while not buffer.closed:
            try:
                batch = buffer._pull() if await buffer.readable() else None
            except SluiceError as error:
                if error.status != Status.E_HANDLE:
                    raise
                batch = None
            if batch is None:  # a close is under way, or a sink is not ready
                await asyncio.sleep(_NOT_NOW_SECONDS)
            elif len(batch):
                return batch
        rest = buffer._read()
        return rest if len(rest) else None


async def _signal(loop: asyncio.AbstractEventLoop, descriptor: int, seconds: float | None) -> None:
    """Until the descriptor is readable, or the time is over."""
    signalled = loop.create_future()

    def wake() -> None:
        if not signalled.done():
            signalled.set_result(None)

    loop.add_reader(descriptor, wake)
    timer = None if seconds is None else loop.call_later(seconds, wake)
    try:
        await signalled
    finally:
        if timer is not None:
            timer.cancel()
        if not loop.is_closed():
            loop.remove_reader(descriptor)
