"""Faults that no call raises are logged once, by the logger `sluice`, and so is their end."""

import logging
import resource
import signal
import time

import pytest

import sluice

PATIENCE = 30


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def logged(caplog):
    return [(record.levelname, record.message) for record in caplog.records if record.name == "sluice"]


def test_a_disk_that_is_full_under_the_thread_and_its_end(make, tmp_path, caplog):
    buffer = make(layout="< a:I", flush_size=100)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        buffer.set_primary_sink(tmp_path / "x.dat")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limit[1]))
        buffer.start()
        buffer.put_many(bytes(4000))
        until(lambda: buffer.stats()["sink_errors"] > 3)
        ((level, text),) = logged(caplog)
        assert level == "ERROR"
        assert f"{tmp_path}/x.dat" in text
        assert "File too large" in text
        assert "750 packets are stored" in text
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        until(lambda: len(logged(caplog)) == 2)
        level, text = logged(caplog)[1]
        assert level == "WARNING"
        assert f"{tmp_path}/x.dat: works again after" in text
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, before)
    buffer.close()
    assert len(logged(caplog)) == 2
    assert (tmp_path / "x.dat").stat().st_size == 4000


def test_what_a_call_raises_is_not_logged(make, tmp_path, caplog):
    buffer = make(packet_size=4)
    buffer.set_primary_sink(tmp_path / "x.dat")
    (tmp_path / "x.dat").unlink()
    buffer.put(bytes(4))
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            buffer.flush()
    assert logged(caplog) == []
    buffer.restore_files()
    buffer.flush()
    assert logged(caplog) == []


def test_a_fifo_that_can_neither_grow_nor_spill(tmp_path, caplog):
    spill = tmp_path / "spill"
    spill.mkdir()
    with sluice.FIFO(packet_size=1024, capacity=4096, memory_limit=8192, spill_directory=spill) as buffer:
        spill.rmdir()
        put = [buffer.put(bytes(1024)) for _ in range(40)]
        assert put == [True] * 4 + [False] * 36
        assert buffer.put_many(bytes(10240)) == 0
        assert buffer.put_many([bytes(1024)] * 3) == 0
        ((level, text),) = logged(caplog)
        assert level == "ERROR"
        assert "a FIFO of 1024-byte packets" in text
        assert str(spill) in text
        assert "memory_limit 8192" in text
        assert buffer.stats()["growth_refused"] == buffer.stats()["stalls"] >= 38
        spill.mkdir()
        until(lambda: buffer.put(bytes(1024)))  # tried again after a while
        buffer.clear()
        until(lambda: len(buffer) == 0 and len(logged(caplog)) == 2)
        assert logged(caplog)[1][0] == "WARNING"
        assert "there is room again" in logged(caplog)[1][1]


def test_an_exception_of_a_callback_is_logged_once_with_its_trace_and_its_end(make, caplog):
    broken = True

    def accept(batch):
        if broken:
            raise ZeroDivisionError("division by zero")

    buffer = make(packet_size=4, flush_size=1)
    sink = buffer.add_callback_sink(accept)
    buffer.put(bytes(4))
    with pytest.raises(sluice.SluiceError, match="the function failed: ZeroDivisionError: division by zero") as fault:
        buffer.flush()
    assert isinstance(fault.value.__cause__, ZeroDivisionError)
    assert "ZeroDivisionError: division by zero" in sink.info().last_error
    assert logged(caplog) == []
    buffer.start()
    until(lambda: buffer.stats()["sink_errors"] > 5)
    ((level, text),) = logged(caplog)
    assert (level, "division by zero" in text) == ("ERROR", True)
    assert caplog.records[0].exc_info[0] is ZeroDivisionError
    broken = False
    until(lambda: len(logged(caplog)) == 2)
    assert "works again" in logged(caplog)[1][1]
    buffer.stop()


def test_exceptions_of_formatters_and_controllers_have_their_text(make, tmp_path, caplog):
    buffer = make(packet_size=4)
    buffer.add_custom_sink(tmp_path / "x.txt", sluice.WriteMode.TEXT, lambda packet: 1 / 0)
    buffer.add_callback_sink(lambda batch: None)
    buffer.put(bytes(4))
    with pytest.raises(sluice.SluiceError, match="the formatter failed: ZeroDivisionError: division by zero; the packets are kept"):
        buffer.flush()
    buffer.add_controller(lambda snapshot: 1 / 0)
    assert not buffer.flush_needed()
    assert [text for _, text in logged(caplog)] == ["a release controller failed and is skipped until it works: division by zero"]


def test_an_exception_whose_text_cannot_be_made(make):
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    def accept(batch):
        raise Mute

    buffer = make(packet_size=4)
    buffer.add_callback_sink(accept)
    buffer.put(bytes(4))
    with pytest.raises(sluice.SluiceError, match="the function failed: an exception without a text"):
        buffer.flush()


def test_a_log_handler_that_uses_the_buffer_does_not_hang_it(make, tmp_path, caplog):
    buffer = make(packet_size=4, flush_size=1)
    answers = []

    class Handler(logging.Handler):
        def emit(self, record):
            answers.append(buffer.put(bytes(4)))
            try:
                buffer.flush()
            except sluice.SluiceError as error:
                answers.append(error.status)

    handler = Handler()
    logging.getLogger("sluice").addHandler(handler)
    try:
        buffer.set_primary_sink(tmp_path / "x.dat")
        (tmp_path / "x.dat").unlink()
        buffer.start()
        buffer.put(bytes(4))
        until(lambda: len(answers) >= 2)
    finally:
        logging.getLogger("sluice").removeHandler(handler)
    assert answers[:2] == [True, sluice.Status.E_STATE]
    buffer.restore_files()
    buffer.stop()
    assert (tmp_path / "x.dat").stat().st_size == 8
