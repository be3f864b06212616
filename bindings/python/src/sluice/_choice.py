"""Enumerators that a user may write as their names."""

from __future__ import annotations

from enum import Enum


class Choice(Enum):
    """An enumerator that a user may write as its name."""

    def __str__(self) -> str:
        return self.name.lower()
