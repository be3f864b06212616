# Generated from the headers by interop/generator: change those, not this.
from enum import IntEnum


class Status(IntEnum):
    """The results of the engine: 0 done, positive not now, negative a fault (``sluice/status.h``)."""

    OK = 0
    """Done."""
    WOULD_BLOCK = 1
    """No room or no data now."""
    TIMEOUT = 2
    """The time given was over."""
    END = 3
    """The stream is finished and everything in it was taken."""
    DROPPED = 4
    """The packet was dropped by the full policy and counted."""
    LOST = 5
    """Done, and packets that were stored and that nothing took are gone; they are counted."""
    E_INVALID = -1
    """An argument is outside its range."""
    E_HANDLE = -2
    """The handle is null, stale or of another kind."""
    E_STATE = -3
    """The object is not in a state that allows this."""
    E_MEMORY = -4
    """There is not so much memory."""
    E_IO = -5
    """A read, write or mapping failed."""
    E_EXISTS = -6
    """The name or file exists already."""
    E_NOT_FOUND = -7
    """The name or file does not exist."""
    E_PERMISSION = -8
    """The operating system refused access."""
    E_SIZE = -9
    """The packet or buffer has the wrong size."""
    E_LAYOUT = -10
    """The layout description is wrong."""
    E_CONSTANT = -11
    """A constant field of the packet has another value."""
    E_BUSY = -12
    """Another live owner holds this end."""
    E_ABI = -13
    """A struct, ring or file is not one of this version."""
    E_FORKED = -14
    """The engine does not run in a forked child."""
    E_CALLBACK = -15
    """A function of the host reported a failure."""
    E_UNAVAILABLE = -16
    """This machine or build does not offer that."""
    E_INTERNAL = -17
    """An invariant of the engine was violated."""
    E_SHUTDOWN = -18
    """The engine was shut down."""
    E_CORRUPT = -19
    """Shared memory or a file contradicts itself."""
    E_ENDED = -20
    """The ring was taken away, and nobody takes from it any more; attach to the one of its name, if it is
    made anew."""
