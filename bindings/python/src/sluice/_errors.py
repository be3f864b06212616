"""Statuses of the engine as exceptions.

Every fault is a :class:`SluiceError`; where Python has an exception for the same thing, it is that exception
too, so that ``except FileExistsError`` and ``except SluiceError`` both catch a sink on an existing file.
"""

import contextlib
import errno
import logging

from ._generated.statuses import Status

logger = logging.getLogger("sluice")


class SluiceError(Exception):
    """A fault of the engine.

    ``status`` is the number of the fault (a :class:`Status` where it is known), ``message`` the engine's
    text: what failed, the value and its limit. ``stored`` is how many packets a ``put_many`` stored before
    it failed; None: the fault is of another call.
    """

    status: int
    message: str
    stored: int | None = None

    def __init__(self, status: int, message: str, path: object = None) -> None:
        super().__init__(status, message)
        try:
            self.status = Status(status)
        except ValueError:
            self.status = status
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return error_of, (int(self.status), self.message, getattr(self, "filename", None)), {"stored": self.stored}


class _ValueFault(SluiceError, ValueError):
    pass


class _StateFault(SluiceError, RuntimeError):
    pass


class _MemoryFault(SluiceError, MemoryError):
    pass


class _SystemFault(SluiceError, OSError):
    _errno = errno.EIO

    def __init__(self, status: int, message: str, path: object = None) -> None:
        super().__init__(status, message)
        self.errno = self._errno
        self.strerror = message
        self.filename = path


class _ExistsFault(_SystemFault, FileExistsError):
    _errno = errno.EEXIST


class _NotFoundFault(_SystemFault, FileNotFoundError):
    _errno = errno.ENOENT


class _PermissionFault(_SystemFault, PermissionError):
    _errno = errno.EACCES


class _TimeoutFault(_SystemFault, TimeoutError):
    _errno = errno.ETIMEDOUT


_CLASSES: dict[int, type[SluiceError]] = {
    Status.TIMEOUT: _TimeoutFault,
    Status.E_INVALID: _ValueFault,
    Status.E_HANDLE: _ValueFault,
    Status.E_STATE: _StateFault,
    Status.E_MEMORY: _MemoryFault,
    Status.E_IO: _SystemFault,
    Status.E_EXISTS: _ExistsFault,
    Status.E_NOT_FOUND: _NotFoundFault,
    Status.E_PERMISSION: _PermissionFault,
    Status.E_SIZE: _ValueFault,
    Status.E_LAYOUT: _ValueFault,
    Status.E_CONSTANT: _ValueFault,
    Status.E_BUSY: _StateFault,
    Status.E_FORKED: _StateFault,
    Status.E_SHUTDOWN: _StateFault,
    Status.E_CORRUPT: _ValueFault,
    Status.E_ENDED: _StateFault,
}

# A user meets one name; the classes below it only say which other exception it is.
for _fault in {*_CLASSES.values()}:
    _fault.__name__ = _fault.__qualname__ = "SluiceError"
    _fault.__module__ = "sluice"
SluiceError.__module__ = "sluice"


def error_of(status: int, message: str, path: object = None) -> SluiceError:
    """The exception for a status. `path` becomes ``filename`` where it is an OSError."""
    return _CLASSES.get(status, SluiceError)(status, message, path)


def tell_stored(error: BaseException, stored: int) -> None:
    """How many packets a put of many stored before it failed: ``stored`` of the exception, and a note."""
    with contextlib.suppress(Exception):
        if isinstance(error, SluiceError) or not hasattr(error, "stored"):
            error.stored = stored  # type: ignore[attr-defined]
    error.add_note(f"{'1 packet was' if stored == 1 else f'{stored} packets were'} stored before that")


def report_formatter(error: BaseException) -> None:
    """An exception in a formatter that no call of the user's can raise: the pump called it."""
    logger.error("a formatter failed, the packets stay stored until it works: %s", error, exc_info=error)


def report_sink(error: BaseException) -> None:
    """The same of a callback sink."""
    logger.error("a callback sink failed, the packets stay stored until it works: %s", error, exc_info=error)


def report_controller(error: BaseException) -> None:
    """An exception in a release controller, which is skipped."""
    logger.error("a release controller failed and is skipped until it works: %s", error, exc_info=error)


def report_reset(error: BaseException) -> None:
    """An exception in a reset hook, after a flush that went well."""
    logger.error("a reset hook failed: %s", error, exc_info=error)


def report_fault(text: str) -> None:
    """A fault that no call answers with: of a sink that the thread of ``start()`` writes to, or of a buffer that cannot grow."""
    logger.error("%s", text)


def report_over(text: str) -> None:
    """Such a fault is over."""
    logger.warning("%s", text)


def report_loss(loss: tuple[int, str]) -> None:
    """Packets that nothing took before their buffer ended; none of them is gone where a ring that outlives it keeps them."""
    packets, text = loss
    logger.log(logging.ERROR if packets else logging.WARNING, "%s", text)


def report_shutdown(message: str) -> None:
    """Not everything could be written when the interpreter exited."""
    logger.error("not everything was written at exit: %s", message)


def report_skipped(failed: tuple[object, BaseException]) -> None:
    """An exception in a controller of a Buffer: it has no voice this time."""
    controller, error = failed
    logger.error("the controller %r failed and is skipped this time: %s", controller, error, exc_info=error)


def report_dropped(records: int, error: BaseException | None) -> None:
    """A Buffer ended with records in it, and nobody took them."""
    if error is None:
        counted = "1 record that was" if records == 1 else f"{records} records that were"
        logger.error("a Buffer ended with %s never released: close() returns what is left", counted)
    else:
        counted = "1 record of a Buffer is" if records == 1 else f"{records} records of a Buffer are"
        logger.error("on_close failed, %s lost: %s", counted, error, exc_info=error)
