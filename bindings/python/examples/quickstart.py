"""One program puts packets into a ring in shared memory, another one checks them and writes each as a line of text.

    quickstart.py consumer NAME COUNT OUT [--framed]     makes the ring NAME, takes COUNT packets, writes OUT
    quickstart.py producer NAME COUNT [--framed]         puts COUNT packets into it

Either may be the quickstart of another language. --framed: records of any size instead of packets of one size.
"""

import sys
import time

import sluice

PATIENCE = 10.0  # seconds that one side waits for the other


@sluice.packetclass
class Sample(sluice.FixedSizePacketBase):
    """One packet: a C struct to the other languages."""

    layout = sluice.Layout.LITTLE_ENDIAN
    sequence: sluice.Format.UNSIGNED_INT
    magic: sluice.Format.UNSIGNED_SHORT = 0x51CE  # a constant, checked
    volts: float = sluice.field("h", scale=0.001, unit="V", format="%.3f")
    energy: float = sluice.field("d", unit="keV")


def sample(number: int) -> Sample:
    """The packet of that number, as a producer makes it and a consumer expects it."""
    return Sample(sequence=number, volts=(number * 37 % 4001 - 2000) * 0.001, energy=number * 0.1)


def produce(name: str, count: int) -> int:
    with sluice.Producer(name, timeout=PATIENCE) as producer:
        for number in range(count):
            if not producer.put(sample(number)):
                print(f"quickstart: no room for packet {number}", file=sys.stderr)
                return 1
    return 0


def consume(name: str, count: int, path: str, framed: bool) -> int:
    seen = wrong = 0
    text = sluice.PacketFormatter(Sample.packet_layout)
    layout = None if framed else Sample  # without a layout, packets have any size
    with (
        sluice.CircularBuffer(
            name=name, layout=layout, capacity=1 << 16, full="block", block_timeout=PATIENCE
        ) as buffer,
        open(path, "xb") as out,
    ):
        out.write(text.header().encode())
        last = time.monotonic()
        while seen < count and time.monotonic() - last < PATIENCE:
            while len(buffer):
                packet = buffer.pop()
                data = packet if isinstance(packet, bytes) else packet.data
                wrong += data != sample(seen).data
                seen += 1
                out.write(text.format(data))
                last = time.monotonic()
            time.sleep(0.001)
    print(f"{seen} packets, {wrong} wrong")
    return 0 if seen == count and wrong == 0 else 1


def main(arguments: list[str]) -> int:
    framed = arguments[-1:] == ["--framed"]
    match arguments[: len(arguments) - framed]:
        case ["producer", name, count]:
            return produce(name, int(count))
        case ["consumer", name, count, path]:
            return consume(name, int(count), path, framed)
    print("usage: quickstart.py producer NAME COUNT [--framed] | consumer NAME COUNT OUT [--framed]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
