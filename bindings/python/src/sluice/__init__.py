"""Packets from an instrument to disk: buffers, flush policies, sinks.

    >>> import sluice
    >>> buffer = sluice.FIFO(flush_size=1000, layout="> pin:B; time:I*1e-6 [s] %.6f; adc:H")
    >>> buffer.set_primary_sink("data.dat")                             # the bytes that were put
    >>> buffer.add_custom_sink("data.csv", sluice.WriteMode.TEXT)       # a line per packet
    >>> buffer.put(packet)
    >>> buffer.flush()
    (1, 26)
    >>> buffer.close()

A put copies the packet into a ring of native memory; a flush writes what is stored, from that memory, to
every sink. Call :meth:`~FIFO.flush` when :meth:`~FIFO.flush_needed`, or :meth:`~FIFO.start` the buffer's own
thread. Nothing is given up before every sink has it: a sink that fails keeps the data stored.

Times are seconds on the monotonic clock, sizes are bytes or packets as said. Any thread may call any method.
Faults are :class:`SluiceError`, which is also the built-in exception of its kind (ValueError, RuntimeError,
FileExistsError ...). In a child of a fork whose parent used the package every call raises; start such
children by spawn. What is stored at the exit of the interpreter is flushed.
"""

from ._buffers import FIFO, CircularBuffer, PacketBuffer
from ._declarations import Code, Format, Layout, bits, field
from ._errors import SluiceError
from ._files import PacketFile
from ._formatter import PacketFormatter
from ._generated.choices import Attach, Durability, FullPolicy, Wait
from ._generated.statuses import Status
from ._hex import hex, hexdump
from ._layout import Field, PacketLayout
from ._library import build_info
from ._options import Access
from ._packets import AbstractPacket, FixedSizePacketBase, packetclass
from ._producer import Producer
from ._release import Buffer
from ._rings import remove_ring
from ._sinks import CallbackSink, MemorySink, Sink, SinkInfo, WriteMode
from ._sluice import Claim, Snapshot
from ._statistics import PacketStatistics
from ._text_style import TextStyle

__all__ = [
    "FIFO",
    "AbstractPacket",
    "Access",
    "Attach",
    "Buffer",
    "CallbackSink",
    "CircularBuffer",
    "Claim",
    "Code",
    "Durability",
    "Field",
    "FixedSizePacketBase",
    "Format",
    "FullPolicy",
    "Layout",
    "MemorySink",
    "PacketBuffer",
    "PacketFile",
    "PacketFormatter",
    "PacketLayout",
    "PacketStatistics",
    "Producer",
    "Sink",
    "SinkInfo",
    "SluiceError",
    "Snapshot",
    "Status",
    "TextStyle",
    "Wait",
    "WriteMode",
    "__version__",
    "bits",
    "build_info",
    "field",
    "hex",
    "hexdump",
    "packetclass",
    "remove_ring",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("sluice")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
