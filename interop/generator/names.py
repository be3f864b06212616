"""What things of the C interface are called in C# and in Python, and where they live there."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class CsEnum:
    """An enum of the engine: its folder, its name, and the prefix that its constants lose."""

    room: str
    name: str
    prefix: str = "SLUICE_"
    flags: bool = False


ENUMS = {
    "sluice_shape": CsEnum("engine/Buffers", "RecordShape"),
    "sluice_producers": CsEnum("engine/Buffers", "ProducerMode"),
    "sluice_full_policy": CsEnum("engine/Buffers", "FullPolicy"),
    "sluice_wait": CsEnum("engine/Buffers", "WaitStrategy"),
    "sluice_buffer_kind": CsEnum("engine/Control", "BufferKind"),
    "sluice_attach": CsEnum("engine/Control", "AttachMode"),
    "sluice_combine": CsEnum("engine/Control", "ReleaseCombination"),
    "sluice_release_clock": CsEnum("engine/Control", "ReleaseClock"),
    "sluice_fault_source": CsEnum("engine/Control", "FaultSource", "SLUICE_FAULT_"),
    "sluice_durability": CsEnum("engine/Sinks", "Durability", "SLUICE_DURABLE_"),
    "sluice_text_style": CsEnum("engine/Formatting", "TextStyle", "SLUICE_TEXT_"),
    "sluice_hex_style": CsEnum("engine/Formatting/Hex", "HexStyle", "SLUICE_HEX_"),
    "sluice_buffer_flag": CsEnum("interop/Runtime", "BufferFlags", "SLUICE_BUFFER_", flags=True),
    "sluice_field_text": CsEnum("interop/Runtime", "FieldText", "SLUICE_FIELD_"),
}

# Constants that C# calls otherwise than by their own name without the prefix.
CONSTANTS = {"SLUICE_ONE_PRODUCER": "One", "SLUICE_MANY_PRODUCERS": "Many"}

STRUCTS = {
    "sluice_field": "FieldInfo",
    "sluice_buffer_options": "BufferOptions",
    "sluice_loss": "HostLoss",
    "sluice_file_options": "FileSinkOptions",
    "sluice_text_options": "TextSinkOptions",
    "sluice_sink_info": "SinkInfo",
    "sluice_snapshot": "HostSnapshot",
    "sluice_fault": "HostFaultReport",
    "sluice_formatter_options": "FormatterOptions",
    "sluice_hex_options": "HexTextOptions",
    "sluice_reading_options": "ReadingOptions",
    "sluice_file_info": "ReadingInfo",
    "sluice_buffer_stats": "BufferStats",
}

# Structs of ring.h that the engine has a mirror of.
RING_STRUCTS = {"sluice_batch": "SluiceBatch", "sluice_producer": "RingProducer"}

# Enums that Python users choose from; the rest is told by words of its own there.
CHOICES = {
    "sluice_full_policy": ("FullPolicy", "SLUICE_", ("SLUICE_GROW",)),
    "sluice_attach": ("Attach", "SLUICE_", ()),
    "sluice_wait": ("Wait", "SLUICE_", ()),
    "sluice_durability": ("Durability", "SLUICE_DURABLE_", ()),
}


# Statuses that are named in comments.
STATUS = re.compile(r"\b(?:E_[A-Z]+(?:_[A-Z]+)*|WOULD_BLOCK|TIMEOUT|DROPPED|LOST)\b")

# Faults that Python has an exception of its own for.
EXCEPTIONS = {"E_EXISTS": "FileExistsError", "E_NOT_FOUND": "FileNotFoundError"}


def pascal(text: str) -> str:
    """`NOT_FOUND`, `not_found`: NotFound."""
    return "".join(word.capitalize() for word in text.split("_"))


def status(name: str) -> str:
    return pascal(name.removeprefix("E_"))


def constant(name: str, prefix: str) -> str:
    return CONSTANTS.get(name) or pascal(name.removeprefix(prefix))


def sentence(comment: str) -> str:
    """A comment of the header as a sentence of its own."""
    if not comment:
        return ""
    text = comment[0].upper() + comment[1:] if not re.match(r"\w*_|[a-z]+\d", comment) else comment
    return text if text[-1] in ".:!?" else text + "."
