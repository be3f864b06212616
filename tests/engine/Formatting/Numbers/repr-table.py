"""Writes repr-table.tsv: the bits of doubles in hexadecimal, and what Python's repr makes of them.

    python3 repr-table.py > repr-table.tsv
"""
import random
import struct

random.seed(20250408)


def bits(value: float) -> bytes:
    return struct.pack(">d", value)


special = "5.0 0.1 0.3 -2.5 1e16 9999999999999998.0 9007199254740993 1e-4 1e-5 123456.789 1.7976931348623157e308 5e-324 \
2.2250738585072014e-308 2.225073858507201e-308 inf -inf nan".split()
numbers = [0.0, -0.0, *map(float, special)]
numbers += [2.0**e for e in (*range(-1074, 1024, 4), -1073, -1023, -1022, -44, -24)]
numbers += [float(f"1e{e}") for e in (*range(-323, 309, 4), *range(-6, 25))]
numbers += [float(f"123456789e{e - 8}") for e in range(-6, 25)]
numbers += [random.uniform(-1000, 1000) for _ in range(200)]
numbers += [random.random() * 10 ** random.randint(-12, 12) for _ in range(200)]
numbers += [struct.unpack("<d", random.randbytes(8))[0] for _ in range(300)]
for raw in sorted(set(map(bits, numbers))):
    print(raw.hex().upper(), repr(struct.unpack(">d", raw)[0]), sep="\t")
