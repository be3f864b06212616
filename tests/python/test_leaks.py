"""Memory stays flat over cycles of everything that is made and destroyed, and reference counts come back.

Each kind runs in a process of its own, in which resident memory, descriptors and mappings of rings are looked at many times: the
least of the last quarter against the least of the second one, after as many rounds as the runtime needs to collect its garbage for
the first time. The twins keep 500 bytes in every round, which must be seen. SLUICE_LONG=1: a million rounds, and 50 bytes.
"""

import os

import pytest

LONG = os.environ.get("SLUICE_LONG") == "1"

WATCH = """
import gc, os, re, sys
import numpy, sluice

LOOKS, kept = 64, []

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")

def held():
    maps = open("/proc/self/maps").read()
    return len(os.listdir("/proc/self/fd")), len(re.findall("memfd:", maps))

def watch(step, warm_up, rounds, leak, leaks):
    looks, before = [], None
    for _ in range(warm_up):
        step()
    for look in range(LOOKS):
        for _ in range(rounds // LOOKS):
            step()
            if leaks:
                kept.append(bytes(leak))
        gc.collect()
        looks.append(resident())
        if look == LOOKS // 2:
            before = held()
    grown = min(looks[-LOOKS // 4 :]) - min(looks[LOOKS // 4 : LOOKS // 2])
    bound = rounds * leak // 4
    print(f"{rounds} rounds: {grown} bytes more, {bound} are a leak, {held()} descriptors and mappings, {before} before")
    assert held() == before
    return grown < bound

class Record:
    pass

layout = sluice.PacketLayout("> header:B=0xA1; pin:B; time:I*1e-3 [s] %.3f; adc:H")
packet = bytes.fromhex("a1040000271000ff")
one, many = Record(), [Record() for _ in range(100)]
fifo = sluice.FIFO(packet_size=8)
kept_buffer = sluice.Buffer(count_threshold=50, custom_controllers=[lambda records: False])

def buffers():
    with sluice.FIFO(packet_size=8) as buffer:
        buffer.put(packet)
    buffer = sluice.CircularBuffer(layout=layout)
    buffer.put(packet)
    buffer.pop()
    buffer.close()
    sluice.CircularBuffer().put(packet)  # no close: dropping it is its end

def layouts():
    made = sluice.PacketLayout("> a:B; b:I")
    sluice.PacketFormatter(made).format(bytes(5))
    try:
        sluice.PacketLayout("?")
    except ValueError:
        pass

def claims():
    with fifo.claim(2) as view:
        view[:] = packet * 2
    try:
        with fifo.claim(1):
            raise KeyError
    except KeyError:
        pass
    fifo.pop()
    fifo.pop()

def puts():
    for _ in range(50):
        fifo.put(packet)
    fifo.put_many(packet * 50)
    try:
        fifo.put(b"short")
    except ValueError:
        pass
    fifo.clear()

def releases():
    kept_buffer(many[:40])
    try:
        kept_buffer(iter(lambda: 1 / 0, None))
    except ZeroDivisionError:
        pass
    assert kept_buffer([one] * 20 + [packet]) != []

def record_buffers():
    buffer = sluice.Buffer(custom_controllers=lambda records: False)
    buffer(many)
    buffer.reset()
    buffer([buffer])  # a cycle
    buffer.on_close = len
    buffer = sluice.Buffer(count_threshold=100)
    buffer(numpy.zeros(60))
    assert len(buffer(numpy.zeros(60))) == 120
    buffer(numpy.zeros(3))
    buffer.close()
    buffer = sluice.Buffer(count_threshold=1)
    assert buffer([b"x", b"y" * 100]) == [b"x", b"y" * 100]

references = [sys.getrefcount(each) for each in (None, packet, one, *many, layout)][1:]
good = watch(globals()[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "leak")
gc.collect()
kept_buffer.close()
assert references == [sys.getrefcount(each) for each in (None, packet, one, *many, layout)][1:]
sys.exit(0 if good else 3)
"""

# Rounds before the first look, and looked at.
KINDS = {
    "buffers": (8_000, 8_000),
    "record_buffers": (8_000, 8_000),
    "layouts": (12_000, 30_000),
    "claims": (5_000, 50_000),
    "puts": (5_000, 50_000),
    "releases": (5_000, 50_000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_memory_stays_flat(script, kind):
    warm_up, rounds = KINDS[kind]
    done = script(WATCH, kind, warm_up, *((1_000_000, 50) if LONG else (rounds, 500)), "clean", check=False, timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["buffers", "puts"])
def test_a_leak_is_noticed(script, kind):
    done = script(WATCH, kind, *KINDS[kind], 500, "leak", check=False)
    assert done.returncode == 3, done.stdout + done.stderr
