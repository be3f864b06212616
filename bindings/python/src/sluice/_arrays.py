"""Arrays that packets are put from, or taken into: what their items are, against the layout of the packets."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ._errors import SluiceError
from ._layout import PacketLayout

if TYPE_CHECKING:
    import numpy

#: What a format character of a buffer is to NumPy, beside its order and size.
_KINDS = {**dict.fromkeys("bhilqn", "i"), **dict.fromkeys("BHILQN", "u"), **dict.fromkeys("efd", "f"), "?": "b"}

#: Why an array with a mask is refused.
MASKED = (
    "records and packets have no mask: fill in the values that are missing, array.filled(value), or leave them out, "
    "array.compressed()"
)

_AS_BYTES = "where its bytes are right as they are, give those: array.view(numpy.uint8), or memoryview(array).cast('B')"


def packets_of(packets: Any, layout: PacketLayout | None) -> Any:
    """What has the bytes of an array whose items may be packets of this layout.

    Structured items have the fields of the layout: names, types, byte order and places, nested ones as ``outer_inner``.
    Items without names are numbers of the one type that all fields have, or bytes. Times of NumPy are integers of 64 bits.

    :raises TypeError: they are others; the text names the first difference.
    """
    if not hasattr(packets, "dtype"):
        _check_plain(packets, layout)
        return packets
    import numpy

    if not isinstance(packets, (numpy.ndarray, numpy.generic)):
        return packets
    if isinstance(packets, numpy.ma.MaskedArray):
        raise TypeError(MASKED)
    dtype = packets.dtype
    if dtype.hasobject:
        raise TypeError("an array of Python objects holds references, not packets")
    plain = _without_times(dtype)
    if plain is not dtype:
        packets = packets.view(plain)
    if layout is not None and not _is_bytes(plain):
        _check(plain, layout)
    return packets


def _is_bytes(dtype: numpy.dtype[Any]) -> bool:
    return dtype.names is None and (dtype.kind in "SV" or (dtype.itemsize == 1 and dtype.kind in "iu"))


def _without_times(dtype: numpy.dtype[Any]) -> numpy.dtype[Any]:
    """The same with integers for times, which no buffer can show; the very dtype where there are none."""
    import numpy

    if dtype.kind in "mM":
        return numpy.dtype(f"{dtype.str[0]}i8")
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        plain = _without_times(base)
        return dtype if plain is base else numpy.dtype((plain, shape))
    if dtype.names is None:
        return dtype
    fields = _fields(dtype)
    formats = [_without_times(what) for _, what, _ in fields]
    if all(plain is what for plain, (_, what, _) in zip(formats, fields)):
        return dtype
    names, offsets = [name for name, _, _ in fields], [place for _, _, place in fields]
    return numpy.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": dtype.itemsize})


def _check(dtype: numpy.dtype[Any], layout: PacketLayout) -> None:
    expected = layout.dtype()
    if dtype.names is None:
        _check_elements(dtype.base.str, layout)
    elif dtype != expected:
        try:
            flat = PacketLayout.from_dtype(dtype).dtype()
        except SluiceError as error:
            raise TypeError(f"the items of the array are no packets of the layout: {error}; {_AS_BYTES}") from None
        if flat != PacketLayout.from_dtype(expected).dtype():
            raise TypeError(
                f"the items of the array are no packets of the layout: {_difference(flat, expected)}; make an array of "
                f"layout.dtype() and fill it field by field, made[name] = array[name], as astype goes by position; or, {_AS_BYTES}"
            )


def _difference(found: numpy.dtype[Any], expected: numpy.dtype[Any]) -> str:
    """The first field that is another one."""
    fields, wanted = _fields(found), _fields(expected)
    for (name, what, place), (other, other_what, other_place) in zip(fields, wanted):
        if (name, what, place) != (other, other_what, other_place):
            return f"they have {name!r} of {what} at byte {place}, the layout {other!r} of {other_what} at byte {other_place}"
    return (
        f"they have {len(fields)} fields in {found.itemsize} bytes, the layout {len(wanted)} in {expected.itemsize}"
    )


def _fields(dtype: numpy.dtype[Any]) -> list[tuple[str, numpy.dtype[Any], int]]:
    """Name, type and place of each field, in their order."""
    fields = dtype.fields
    return [] if fields is None else [(name, *fields[name][:2]) for name in dtype.names or ()]


def _check_plain(packets: Any, layout: PacketLayout | None) -> None:
    """Of an exporter that NumPy did not make."""
    view = memoryview(packets)
    order, code = ("@", view.format) if view.format[:1] not in "@=<>!" else (view.format[0], view.format[1:])
    if layout is None or (code not in _KINDS and not view.format.startswith("T{")):
        return
    if code in _KINDS:
        big = order in ">!" or (order in "@=" and sys.byteorder == "big")
        mark = "|" if view.itemsize == 1 else ">" if big else "<"
        _check_elements(f"{mark}{_KINDS[code]}{view.itemsize}", layout)
        return
    try:
        import numpy
    except ImportError:
        raise TypeError(f"comparing {view.format!r} with the layout needs NumPy; {_AS_BYTES}") from None
    _check(numpy.asarray(view).dtype, layout)


def _check_elements(element: str, layout: PacketLayout) -> None:
    """Of items without names: every field of the layout is of this type, and nothing lies between them."""
    described = json.loads(layout._numpy())
    bases = [text.rpartition(")")[2] for text in described["formats"]]
    others = [(name, base) for name, base in zip(described["names"], bases) if base.replace("?", "b1") != element]
    size = int(element[2:])
    if others:
        name, base = others[0]
        convert = f", or convert it, array.astype({base!r})" if len(set(bases)) == 1 else ""
        raise TypeError(
            f"the items of the array are {element}, but {name!r} of the layout is {base}: give an array of "
            f"layout.dtype(){convert}; {_AS_BYTES}"
        )
    if sum(field.size for field in layout.fields if not field.bits) != layout.size or layout.size % size:
        raise TypeError(
            f"the items of the array are {element} without a gap, but the layout has padding between its fields: give an "
            f"array of layout.dtype(); {_AS_BYTES}"
        )
