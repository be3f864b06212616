"""Waiting for batches in an asyncio event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from . import _sluice
from ._errors import SluiceError, Status

#: How long a close that is under way is left alone - it may fail, and the buffer go on -, or a sink that is not ready.
_NOT_NOW_SECONDS = 0.005


class AwaitableBuffer(_sluice.Buffer):
    """The part of a buffer that waits: in the loop, by the buffer's event descriptor, without a thread."""

    __slots__ = ()

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
        descriptor = self._wait_begin()
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
            self._wait_end()

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        """Batch after batch as it is flushed, as ``pop_many()`` returns them, until the buffer is closed.

        While it runs the iteration is one more sink: it flushes when a flush is due, the other sinks get the same packets,
        and it gets what others flush, ``start()``'s thread among them. A close leaves what is stored as the last batch. What an
        iteration that is left has not been given is what the next one gets first.

        :raises SluiceError: a sink beside it failed: what it has not taken stays stored; iterate again when it is mended.
            (A RuntimeError) another task iterates or waits already.
        """
        if self.closed:
            return
        self._read_begin()
        try:
            while not self.closed:
                try:
                    batch = self._pull() if await self.readable() else None
                except SluiceError as error:
                    if error.status != Status.E_HANDLE:
                        raise
                    batch = None
                if batch is None:  # a close is under way, or a sink is not ready
                    await asyncio.sleep(_NOT_NOW_SECONDS)
                elif len(batch):
                    yield batch
            rest = self._read()
            if len(rest):
                yield rest
        finally:
            self._read_end()


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
