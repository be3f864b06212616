"""What a buffer stores when it ends and that nothing takes is counted and logged; the numbers of its end stay readable."""

import gc
import logging
import threading

import pytest

import sluice


def logged(caplog):
    return [(record.levelname, record.message) for record in caplog.records if record.name == "sluice"]


def test_a_buffer_without_a_sink_logs_and_counts_what_it_stored(make, caplog):
    buffer = make(packet_size=4)
    buffer.put_many(bytes(12))
    buffer.close()
    assert buffer.closed
    ((level, text),) = logged(caplog)
    assert level == "ERROR"
    assert text.startswith("3 packets of a ")
    assert "the buffer has no sink" in text
    stats = buffer.stats()
    assert (stats["lost"], stats["pushed"], stats["popped"], stats["stored_packets"]) == (3, 3, 0, 0)
    buffer.close()
    assert len(logged(caplog)) == 1


def test_on_request_it_raises_and_the_buffer_is_closed(make, caplog):
    buffer = make(packet_size=4, raise_on_loss=True)
    buffer.put_many(bytes(8))
    with pytest.raises(sluice.SluiceError, match="2 packets") as lost:
        buffer.close()
    assert lost.value.status is sluice.Status.LOST
    assert buffer.closed
    assert buffer.stats()["lost"] == 2
    buffer.close()
    with pytest.raises(sluice.SluiceError, match="1 packet "), make(packet_size=4, raise_on_loss=True) as other:
        other.put(bytes(4))
    with make(packet_size=4, raise_on_loss=True) as empty:
        empty.put(bytes(4))
        empty.pop()


def test_what_is_discarded_or_taken_is_not_told(make, caplog):
    buffer = make(packet_size=4)
    buffer.put_many(bytes(12))
    assert buffer.discard() == 3
    assert buffer.stats()["lost"] == 3
    other = make(packet_size=4)
    other.put_many(bytes(12))
    other.clear()
    other.close()
    assert (other.stats()["lost"], other.stats()["cleared"]) == (0, 3)
    assert logged(caplog) == []


@pytest.mark.parametrize("where", ["name", "file"])
def test_a_ring_that_outlives_its_buffer_loses_nothing(tmp_path, where, caplog, request):
    options = {"packet_size": 4, where: tmp_path / "ring" if where == "file" else f"endings.{threading.get_native_id()}"}
    with sluice.CircularBuffer(**options) as buffer:
        buffer.put_many(b"onetwo12")
    assert (buffer.stats()["lost"], buffer.stats()["stored_packets"]) == (0, 2)
    again = sluice.CircularBuffer(**options, attach="attach")
    assert list(again.drain()) == [b"onet", b"wo12"]
    again.close()
    assert logged(caplog) == []
    if where == "name":
        with sluice.CircularBuffer(**options, attach="create_or_attach"):
            pass


def test_numbers_of_sinks_stay_readable(make, tmp_path):
    buffer = make(packet_size=4)
    file = buffer.set_primary_sink(tmp_path / "x.dat")
    memory = buffer.add_memory_sink(1 << 20)
    took = buffer.add_callback_sink(lambda batch: None)
    buffer.put_many(bytes(40))
    buffer.close()
    for sink in (file, memory, took):
        assert (sink.info().packets, sink.info().bytes, sink.info().last_status) == (10, 40, 0)
    assert buffer.stats()["popped"] == 10
    with pytest.raises(sluice.SluiceError):
        memory.take()
    del buffer
    gc.collect()
    assert file.info().packets == 10


def test_the_last_error_of_a_sink_stays_readable(make, caplog):
    buffer = make(packet_size=4)
    sink = buffer.add_callback_sink(lambda batch: 1 / 0)
    buffer.put(bytes(4))
    with pytest.raises(sluice.SluiceError, match="ZeroDivisionError: division by zero"):
        buffer.close(timeout=0)
    assert "ZeroDivisionError: division by zero" in sink.info().last_error
    assert buffer.discard() == 1
    assert sink.info().errors >= 2
    assert "the function failed: the buffer is being discarded" in sink.info().last_error


def test_a_dropped_buffer_whose_sink_fails_says_what_is_lost(caplog):
    def refuse(batch):
        raise OSError("the tape is full")

    buffer = sluice.FIFO(packet_size=4)
    buffer.add_callback_sink(refuse)
    buffer.put_many(bytes(12))
    with pytest.warns(ResourceWarning, match="unclosed buffer"):
        del buffer
        gc.collect()
    assert any("3 packets" in text and "the tape is full" in text for level, text in logged(caplog) if level == "ERROR")


def test_a_start_without_a_sink_says_what_to_do(make):
    buffer = make(packet_size=4)
    with pytest.raises(sluice.SluiceError, match="no primary sink") as refused:
        buffer.start()
    assert refused.value.status is sluice.Status.E_STATE
    buffer.add_callback_sink(lambda batch: None)
    buffer.start()
    buffer.stop()


def test_threads_that_ask_for_numbers_while_a_buffer_ends(make, tmp_path):
    for round in range(30):
        buffer = make(packet_size=4)
        sink = buffer.set_primary_sink(tmp_path / f"{round}.dat")
        buffer.put_many(bytes(28))
        wrong = []

        def ask(buffer=buffer, sink=sink, wrong=wrong):
            try:
                for _ in range(100):
                    if buffer.stats()["pushed"] != 7 or sink.info().errors != 0:
                        wrong.append("numbers")
            except sluice.SluiceError as error:
                wrong.append(error)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        buffer.close()
        for thread in threads:
            thread.join()
        assert not wrong
        assert (buffer.stats()["popped"], sink.info().packets) == (7, 7)


def test_a_loss_at_the_exit_of_the_interpreter_is_logged_once(script):
    done = script(
        """
        import sluice
        buffer = sluice.FIFO(packet_size=4)
        buffer.put(bytes(4))
        """
    )
    assert done.stderr.count("at exit 1 packet of a FIFO of 4-byte packets is lost") == 1, done.stderr


def test_a_callback_that_fails_at_the_exit_of_the_interpreter_has_its_own_words(script):
    done = script(
        """
        import sluice
        def divide(batch):
            1 / 0
        buffer = sluice.FIFO(packet_size=4)
        buffer.add_callback_sink(divide)
        buffer.put(bytes(4))
        """
    )
    assert "at exit 1 packet of a FIFO of 4-byte packets for 'callback' is lost: " in done.stderr
    assert "the function failed: ZeroDivisionError: division by zero; stop the buffer before" in done.stderr, done.stderr
    assert "returned -15" not in done.stderr


def test_a_stop_that_failed_is_not_recommended_again(make, caplog):
    buffer = make(packet_size=4)
    buffer.add_callback_sink(lambda batch: 1 / 0)
    buffer.put(bytes(4))
    with pytest.raises(sluice.SluiceError, match="division by zero; the packets are kept"):
        buffer.stop(timeout=0)
    text = "1 packet of"
    del buffer
    gc.collect()
    assert not any(text in said and "stop the buffer before its end" in said for _, said in logged(caplog))


def test_a_thread_without_a_rule_flushes_packets_as_they_come(make):
    taken = threading.Semaphore(0)
    buffer = make(packet_size=4, flush_size=None, flush_timeout=None)
    buffer.add_callback_sink(lambda batch: taken.release(len(batch)))
    buffer.start()
    for _ in range(3):
        buffer.put(bytes(4))
        assert taken.acquire(timeout=60)
    buffer.close()


def test_a_buffer_that_is_dropped_while_the_interpreter_exits_is_there_until_its_end(script):
    done = script(
        """
        import atexit, gc, threading, time
        import sluice

        exiting, dropped = threading.Event(), threading.Event()

        def accept(batch):
            if not dropped.is_set():
                return False  # again later
            print("delivered", bytes(batch), flush=True)

        def drop():
            global buffer
            exiting.wait()
            time.sleep(0.3)  # the exit handler of the package tries to write
            del buffer
            gc.collect()
            dropped.set()

        buffer = sluice.FIFO(packet_size=4)
        buffer.add_callback_sink(accept)
        buffer.put(b"kept")
        atexit.register(exiting.set)
        threading.Thread(target=drop, daemon=True).start()
        """,
        PYTHONMALLOC="debug",  # what is freed is overwritten
    )
    assert (done.stdout, done.stderr) == ("delivered b'kept'\n", "")


def test_a_handler_that_fails_does_not_matter(make):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("no ears")

    handler = Broken()
    logging.getLogger("sluice").addHandler(handler)
    try:
        buffer = make(packet_size=4)
        buffer.put(bytes(4))
        buffer.close()
    finally:
        logging.getLogger("sluice").removeHandler(handler)
    assert buffer.stats()["lost"] == 1
