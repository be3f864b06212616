"""Options as a user writes them, and as the engine takes them."""

from __future__ import annotations

import math
from typing import TypeVar

from ._choice import Choice


_C = TypeVar("_C", bound=Choice)


class Access(Choice):
    """Who may attach to a ring with a name or in a file."""

    OWNER = 0
    """The user who makes it, and root."""
    GROUP = 64
    """The group of the file too."""
    EVERYBODY = 128


def member(kind: type[_C], value: _C | str, name: str) -> _C:
    """An enumerator, or its name in any case, with hyphens or underscores."""
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and (written := value.upper().replace("-", "_")) in kind.__members__:
        return kind[written]
    choices = ", ".join(map(str, kind))
    raise ValueError(f"{name} is {value!r}, it must be one of {choices}")


def text_bytes(value: str | bytes | bytearray | memoryview | None, name: str) -> bytes | None:
    """What begins a file or ends its lines: bytes as they are, a str as UTF-8. None stays None."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{name} is {value!r}, which holds a part of a character; bytes may be anything") from None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"{name} must be str, bytes or None, not {type(value).__name__}")


def line_text(value: str | None, name: str) -> str | None:
    """What stands between the fields of a line, or before it: a str without zero characters. None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str or None, not {type(value).__name__}")
    if "\0" in value or any("\ud800" <= one <= "\udfff" for one in value):
        raise ValueError(f"{name} is {value!r}, it must be text without zero characters and parts of characters")
    return value


def whole(value: int | None, name: str, least: int = 1) -> int:
    """An int of at least `least`; None is 0, the engine's "none" or "default"."""
    if value is None:
        return 0
    if not isinstance(value, int) and not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int or None, not {type(value).__name__}")
    number = value.__index__()
    if number < least:
        raise ValueError(f"{name} is {number}, it must be {least} or more, or None")
    if number >= 1 << 62:
        raise ValueError(f"{name} is {number}, it must be at most {(1 << 62) - 1}, or None")
    return number


def nanoseconds(seconds: float | None, name: str) -> int:
    """Seconds as the engine's nanoseconds; None is -1, for ever."""
    if seconds is None:
        return -1
    if not hasattr(seconds, "__float__") and not hasattr(seconds, "__index__"):
        raise TypeError(f"{name} must be a number of seconds or None, not {type(seconds).__name__}")
    try:
        value = float(seconds)
    except OverflowError:  # an int beyond all floats
        value = math.copysign(math.inf, 1 if seconds > 0 else -1)
    if not value >= 0:
        raise ValueError(f"{name} is {seconds} s, it must be 0 or more, or None")
    return -1 if value == math.inf else int(min(value * 1e9, 9e18))


def flush_after(seconds: float | None) -> int:
    """flush_timeout for the engine: None never; 0 is exceeded at once."""
    after = nanoseconds(seconds, "flush_timeout")
    return 0 if after < 0 else max(after, 1)


def stride_of(packet_size: int | None) -> int:
    stride = whole(packet_size, "packet_size")
    if stride >= 1 << 31:
        raise ValueError(f"packet_size is {stride} bytes, it must be less than {1 << 31}")
    return stride
