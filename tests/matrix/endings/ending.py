"""One end of one buffer in Python: `ending.py ENDING KIND SINKS NAME FOLDER`, see endings.py."""

import gc
import os
import signal
import sys
import time

import sluice

ending, kind, sinks, name, folder = sys.argv[1:]


def made() -> sluice.FIFO | sluice.CircularBuffer:
    kinds = {
        "anonymous": lambda: sluice.CircularBuffer(packet_size=4),
        "named": lambda: sluice.CircularBuffer(packet_size=4, name=name),
        "file": lambda: sluice.CircularBuffer(packet_size=4, file=f"{folder}/ring"),
        "fifo": lambda: sluice.FIFO(packet_size=4),
    }
    buffer = kinds[kind]()
    if sinks != "none":
        buffer.set_primary_sink(f"{folder}/out.dat")
    if sinks == "refusing":
        os.unlink(f"{folder}/out.dat")
    buffer.put_many(b"onlytwofour\0")
    return buffer


def close() -> None:
    buffer = made()
    try:
        buffer.close(timeout=5)
        print("close", "LOST" if buffer.stats()["lost"] else "OK")
        print("counted", buffer.stats()["lost"])
    except sluice.SluiceError as error:
        print("close", error.status.name)
        print("stored", len(buffer), flush=True)
        os._exit(0)


def scope() -> None:
    try:
        with made() as buffer:
            pass
        print("counted", buffer.stats()["lost"])
    except sluice.SluiceError:
        assert sinks == "refusing"


def collect() -> None:
    made()
    gc.collect()


if ending == "exit":
    kept = made()
elif ending == "kill":
    kept = made()
    os.kill(os.getpid(), signal.SIGKILL)
elif ending == "handled":
    kept = made()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
elif ending in ("interrupt", "terminate"):
    kept = made()
    os.kill(os.getpid(), signal.SIGINT if ending == "interrupt" else signal.SIGTERM)
    time.sleep(60)
else:
    {"close": close, "scope": scope, "collect": collect}[ending]()
    gc.collect()
    sys.stdout.flush()
    os._exit(0)  # without what an exit does to the buffers that are left
