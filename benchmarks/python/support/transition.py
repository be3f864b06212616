"""The packet of `plain.py`, declared."""

import sluice


@sluice.packetclass
class Transition(sluice.FixedSizePacketBase):
    layout = sluice.Layout.BIG_ENDIAN
    header: sluice.Format.UNSIGNED_CHAR = 0xA1
    info: sluice.Format.UNSIGNED_CHAR
    pin: int = sluice.bits(0, 6)
    edge: int = sluice.bits(7)
    seconds: float = sluice.field("I", scale=1e-6, unit="s", format="%.6f")
