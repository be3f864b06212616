"""How much went through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self


@dataclass
class PacketStatistics:
    """Counters of a readout, which a program keeps or takes from a buffer::

        statistics = sluice.PacketStatistics()
        statistics.update(received, *buffer.flush())
        print(statistics.to_dict())

        statistics = sluice.PacketStatistics.from_stats(buffer.stats())

    It has no lock of its own: one thread at a time.
    """

    packets_processed: int = 0
    """Packets that came in."""
    packets_written: int = 0
    """Packets that went out."""
    bytes_written: int = 0
    """Bytes written, over all sinks."""

    def reset(self) -> None:
        """Sets all counters to zero."""
        self.packets_processed = self.packets_written = self.bytes_written = 0

    def update(self, packets_processed: int, packets_written: int, bytes_written: int) -> None:
        """Adds to the counters: the last two are what ``flush`` returns."""
        self.packets_processed += packets_processed
        self.packets_written += packets_written
        self.bytes_written += bytes_written

    def to_dict(self) -> dict[str, int]:
        """The counters by name."""
        return asdict(self)

    @classmethod
    def from_stats(cls, stats: Mapping[str, int]) -> Self:
        """The counters of a buffer, from its ``stats()``: packets pushed, packets that every sink has (or that were popped),
        bytes written without the headers of files."""
        return cls(stats["pushed"], stats["popped"], stats["written_bytes"])
