# Generated from the headers by interop/generator: change those, not this.
from .._choice import Choice


class FullPolicy(Choice):
    """The one answer to "no room". To grow is for buffers (sluice.h), whose producers carry a hook of the
    engine."""

    FAIL = 0
    """Answer that there is no room now (``WOULD_BLOCK``); nothing changes."""
    BLOCK = 1
    """Wait for room, up to the producer's time-out (``TIMEOUT``)."""
    DROP_NEWEST = 2
    """Drop the packet (``DROPPED``) and count it as dropped_newest."""
    DROP_OLDEST = 3
    """Take the oldest packets out and count them as dropped_oldest."""


class Attach(Choice):
    """How a buffer with a name or file comes to its memory. A ring that is attached to must agree with
    the options."""

    CREATE = 0
    """FileExistsError if the name or file is taken."""
    ATTACH = 1
    """FileNotFoundError if it is not there."""
    CREATE_OR_ATTACH = 2
    """Attaches if it is there, else makes it."""


class Wait(Choice):
    """How the taking end waits for packets."""

    PARK = 0
    """Spins shortly, then sleeps until a producer wakes it: no load while nothing comes."""
    YIELD = 1
    """Gives the processor to others between two looks; producers never make a system call."""
    SPIN = 2
    """Looks all the time: the shortest delay, one processor busy."""


class Durability(Choice):
    """When the data of a file is forced to the device."""

    NONE = 0
    """Never: the operating system writes it back when it likes; survives the process, not the machine."""
    ON_CLOSE = 1
    """When a file is finished: closed, or left for the next one of a rotation."""
    EVERY_FLUSH = 2
    """At every flush, and when a file is finished."""
