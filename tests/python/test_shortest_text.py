"""Shortest texts of doubles against Python's own repr: ten million of them."""

import numpy as np
import pytest

from sluice import PacketFormatter

COUNT = 10_000_000
BATCH = 500_000


def uniform_bits(random, size):
    """Every exponent alike, with infinities, NaN and subnormal numbers among them."""
    return random.integers(0, 2**64, size, dtype=np.uint64).view(np.float64)


def measured(random, size):
    """Numbers as instruments give them: of any sign, over twelve decades."""
    return random.standard_normal(size) * 10.0 ** random.integers(-6, 7, size)


def short_decimals(random, size):
    """Few digits: integers and decimals such as 12.34."""
    return random.integers(-(10**7), 10**7, size) / 10.0 ** random.integers(0, 12, size)


def ties(random, size):
    """Multiples of a power of two: many are halfway between two decimals of 17 digits."""
    return random.integers(0, 2**53, size) * 2.0 ** -random.integers(0, 60, size)


@pytest.mark.parametrize(
    ("numbers", "share"), [(uniform_bits, 0.2), (measured, 0.3), (short_decimals, 0.3), (ties, 0.2)]
)
def test_doubles_have_the_text_of_repr(numbers, share):
    random = np.random.default_rng(3)
    formatter = PacketFormatter("<v:d")
    for _ in range(int(COUNT * share) // BATCH):
        values = numbers(random, BATCH)
        text = formatter.format(values.tobytes())
        expected = "\n".join(map(repr, values.tolist())) + "\n"
        if text != expected.encode():
            pairs = zip(values.tolist(), text.decode().splitlines(), strict=True)
            wrong = [(repr(value), found) for value, found in pairs if repr(value) != found]
            pytest.fail(f"{len(wrong)} differ, (repr, found): {wrong[:5]}")
