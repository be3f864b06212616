"""Two threads that close the same object at the same moment: it is closed once, and neither is told a fault."""

import threading

import pytest

import sluice

ROUNDS = 1000


def both(call):
    """Calls from two threads at once; what they raised."""
    start, raised = threading.Barrier(2), []

    def one():
        start.wait()
        try:
            call()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.parametrize("ends", [("close", "close"), ("close", "discard"), ("discard", "discard")])
@pytest.mark.parametrize("sink", [False, True])
def test_buffers(make, ends, sink):
    for round in range(ROUNDS // 6):
        buffer, calls = make(packet_size=4), iter(ends)
        if sink:
            buffer.add_callback_sink(lambda batch: None)
            if round % 2:
                buffer.start()
        buffer.put(b"1234")
        assert both(lambda buffer=buffer, calls=calls: getattr(buffer, next(calls))()) == []
        assert buffer.closed
        buffer.close()
        assert buffer.stats()["pushed"] == 1


def test_a_loss_is_raised_once(make):
    for _ in range(ROUNDS // 5):
        buffer = make(packet_size=4, raise_on_loss=True)
        buffer.put(b"1234")
        raised = both(buffer.close)
        assert [error.status for error in raised] == [sluice.Status.LOST]
        assert buffer.stats()["lost"] == 1


def test_files_and_producers(tmp_path):
    data = tmp_path / "data"
    data.write_bytes(bytes(40))
    with sluice.CircularBuffer(file=tmp_path / "ring", packet_size=4) as ring:
        for _ in range(ROUNDS // 5):
            assert both(sluice.PacketFile(data, packet_size=4).close) == []
            producer = sluice.Producer(file=tmp_path / "ring")
            producer.put(b"1234")
            assert both(producer.close) == []
        assert len(ring) == ROUNDS // 5
        ring.clear()
