"""Packets as text in memory."""

from __future__ import annotations

from . import _sluice
from ._layout import PacketLayout
from ._options import line_text, member, text_bytes
from ._text_style import TextStyle


class PacketFormatter(_sluice.PacketText):
    """Makes lines of text of the packets of a layout: compiled once, then used for any number of them.

    :param layout: what is in a packet (a PacketLayout, its description or its name).
    :param style: a :class:`TextStyle`, or its name: ``"plain"``, ``"csv"`` or ``"json-lines"``; hexadecimal
        text needs no layout: :func:`hex`, :func:`hexdump`.
    :param separator: between two fields; default ``", "``, in CSV ``","``. JSON has its own.
    :param line_end: text, or any bytes; default ``"\\n"``.
    :param comment: before the header line; default ``"# "``, in CSV nothing.
    :raises SluiceError: (a ValueError) no field is written as text, or an option does not go with the style.

    >>> formatter = PacketFormatter("> pin:B; time:I*1e-6 [s] %.6f", "csv")
    >>> formatter.header()
    'pin,time [s]\\n'
    >>> formatter.format(bytes([2, 0, 12, 3, 84]))
    b'2,0.787284\\n'
    """

    __slots__ = ("layout", "style")

    layout: PacketLayout
    style: TextStyle

    def __new__(
        cls,
        layout: PacketLayout | str,
        style: TextStyle | str = TextStyle.PLAIN,
        *,
        separator: str | None = None,
        line_end: str | bytes | None = None,
        comment: str | None = None,
    ) -> PacketFormatter:
        of = PacketLayout(layout) if isinstance(layout, str) else layout
        chosen = member(TextStyle, style, "style")
        self = super().__new__(
            cls,
            of,
            chosen.value,
            line_text(separator, "separator"),
            text_bytes(line_end, "line_end"),
            line_text(comment, "comment"),
        )
        self.layout = of
        self.style = chosen
        return self

    def header(self) -> str:
        """The line of field names and units, as in ``# pin, edge, time [s]``. Empty for JSON Lines."""
        return self._header()

    def __repr__(self) -> str:
        return f"<PacketFormatter of {self.layout.text!r}, {self.style.name.lower()}>"
