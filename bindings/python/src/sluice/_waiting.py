"""Waiting for batches in an asyncio event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from . import _sluice
from ._errors import SluiceError, Status

#: How long a close that is under way is left alone: it may fail, and the buffer go on.
_CLOSING_SECONDS = 0.005


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
                    pause = _CLOSING_SECONDS
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
        """Takes batch after batch out, as ``pop_many()`` returns them, until the buffer is closed.

        A close while it runs, in a buffer without sinks, leaves what is stored as the last batch.
        """
        self._keep_rest(True)
        try:
            while not self.closed:
                try:
                    batch = self.pop_many() if await self.readable() else ()
                except SluiceError as error:
                    if error.status != Status.E_HANDLE:
                        raise
                    await asyncio.sleep(_CLOSING_SECONDS)
                    continue
                if len(batch):
                    yield batch
            rest = self._rest()
            if rest is not None and len(rest):
                yield rest
        finally:
            self._keep_rest(False)


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
