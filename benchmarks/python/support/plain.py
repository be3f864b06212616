"""A packet as Python programs write it without a library."""

import struct


class Event:
    """A packet class in plain Python: its attributes are set when it is unpacked, and frozen."""

    __slots__ = ("data", "header", "info", "microseconds", "pin", "edge", "seconds")

    _struct = struct.Struct(">BBI")

    def __init__(self, data: bytes) -> None:
        put = super().__setattr__
        header, info, microseconds = self._struct.unpack(data)
        if header != 0xA1:
            raise ValueError(f"header is {header:#x}, expected 0xa1")
        put("data", data)
        put("header", header)
        put("info", info)
        put("microseconds", microseconds)
        put("pin", info & 0x7F)
        put("edge", info >> 7)
        put("seconds", microseconds * 1e-6)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set")

    def to_text(self) -> str:
        return f"{self.pin}, {self.edge}, {self.seconds:.6f}\n"
