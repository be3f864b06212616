"""Records stored until it is time to release all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from . import _sluice
from ._arrays import MASKED
from ._errors import report_dropped

if TYPE_CHECKING:
    import numpy

Controller = Callable[[Any], bool]


class Buffer(_sluice.Records):
    """Stores the records that it is called with, and returns all of them when its controllers say so.

        >>> buffer = Buffer(count_threshold=3)
        >>> buffer(["a", "b"])
        []
        >>> buffer(["c", "d"])
        ['a', 'b', 'c', 'd']

    A call stores the given records, asks the controllers - the custom ones in their order, then count, then
    time - until one of them settles the matter, and returns what is released, or nothing: an empty list.

    Records are any objects: a list, a tuple or another iterable of them is released as a list, in order, the
    very objects (`bytes` are equal ones: they are kept outside Python). A NumPy array, or another object with
    a buffer, is a record per item along its first axis; such records are released as one array. While items of
    arrays are stored, a list is a TypeError, and so is an array of another dtype or item shape.

    :param count_threshold: release when more than this many records are stored; None: no such controller.
    :param time_threshold: release when more than this many seconds passed since the time controller was first
        asked after a release, on the monotonic clock; None: no such controller.
    :param custom_controllers: a callable, or a list of them. Each is called with what is stored, a list or a
        read-only array, and answers whether to release. The list is one for all of them, made of references:
        changing it changes nothing that is stored or released, only what others are shown. One that raises an
        Exception is logged (logger ``sluice``) and skipped.
    :param on_reset: called without arguments after each release and :meth:`reset`; it may use the buffer. An
        Exception in it is logged, the records are returned all the same. After another exception (Ctrl-C) the
        records are stored again, for the next call to release.
    :param conjugate_controllers: release when all controllers say so; else when any does. Without controllers
        all agree at once, and none ever does.
    :param on_close: called with what is left, where no call could return it: at the end of a ``with`` block,
        when the buffer is dropped, when the interpreter exits. Without one the loss is logged, with its count.
    :raises TypeError: a threshold that is no number, a controller or hook that is not callable.
    :raises ValueError: a negative threshold.

    Any thread may call; one call runs at a time. A controller that calls its own buffer gets a RuntimeError.
    """

    __slots__ = ("__weakref__",)

    if TYPE_CHECKING:

        def __init__(
            self,
            count_threshold: int | None = None,
            time_threshold: float | None = None,
            custom_controllers: Controller | Iterable[Controller] | None = None,
            on_reset: Callable[[], object] | None = None,
            conjugate_controllers: bool = False,
            *,
            on_close: Callable[[Any], object] | None = None,
        ) -> None: ...

    def get_controllers(self) -> list[Controller]:
        """The controllers that take part, in the order in which they are asked: custom, count, time."""
        controllers: list[Controller] = [*self.custom_controllers]
        if self.count_threshold is not None:
            controllers.append(self.count_controller)
        if self.time_threshold is not None:
            controllers.append(self.time_controller)
        return controllers

    def count_controller(self, records: Sequence[Any]) -> bool:
        """Whether `records` are more than ``count_threshold``."""
        return self.count_threshold is not None and len(records) > self.count_threshold

    def time_controller(self, records: Sequence[Any]) -> bool:
        """Whether more than ``time_threshold`` seconds passed since the controller was first asked."""
        due = self.due_in()
        return due is not None and due <= 0

    def _drop(self) -> None:
        """Nobody will ask for what is stored."""
        on_close = self.on_close
        rest = self.close()
        if len(rest) == 0:
            return
        if on_close is None:
            report_dropped(len(rest), None)
            return
        try:
            on_close(rest)
        except Exception as error:
            report_dropped(len(rest), error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.closed:
            return f"<{name}, closed>"
        rule = "all" if self.conjugate_controllers else "any"
        return (
            f"<{name} of {len(self)} records, count_threshold={self.count_threshold}, "
            f"time_threshold={self.time_threshold}, {len(self.custom_controllers)} custom controllers, {rule}>"
        )

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")


def described(
    records: Any,
) -> tuple[Any, numpy.dtype[Any], tuple[int, ...], numpy.ndarray[Any, Any], int, int] | None:
    """What the extension needs of an array: its bytes in order, dtype, item shape, an empty array of that
    kind, bytes of an item, items. None: the items are Python objects."""
    import numpy

    array = records if isinstance(records, numpy.ndarray) else numpy.asarray(memoryview(records))
    if isinstance(array, numpy.ma.MaskedArray):
        raise TypeError(MASKED)
    if array.dtype == object:
        return None
    if array.dtype.hasobject:
        raise TypeError(f"items of {array.dtype} hold references beside other data; give a list of records")
    if array.ndim == 0:
        raise TypeError(f"one value of {array.dtype} is no list of records")
    array = numpy.ascontiguousarray(array).view(numpy.ndarray)
    tail = array.shape[1:]
    nothing = numpy.empty((0, *tail), array.dtype)
    stride = array.dtype.itemsize
    for length in tail:
        stride *= length
    if stride == 0:
        raise TypeError(f"items of {array.dtype} and shape {tail} have no bytes")
    data = array.reshape(-1).view(numpy.uint8)
    return data, array.dtype, tail, nothing, stride, len(array)


def array_of(block: Any, dtype: numpy.dtype[Any], tail: tuple[int, ...]) -> numpy.ndarray[Any, Any]:
    """An array over the memory of a block."""
    import numpy

    array = numpy.frombuffer(block, dtype)
    return array.reshape(-1, *tail) if tail else array
