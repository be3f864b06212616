"""Nothing that Python code does to a buffer crashes the interpreter: each program runs in a process of its own."""

import signal
import subprocess
import sys
import textwrap
import time

import pytest

BEGIN = """
import asyncio, faulthandler, gc, logging, os, signal, sys, threading, time
import numpy
import sluice
faulthandler.dump_traceback_later(60, exit=True)

def told(call, *errors):
    try:
        answer = call()
    except errors as error:
        return str(error) or type(error).__name__
    raise AssertionError(f"{call} answered {answer!r}")

"""


@pytest.fixture
def misuse(script):
    """Runs a program; it must end by itself, with what it prints last on its standard output."""

    def run(code, *arguments, **options):
        return script(BEGIN + textwrap.dedent(code), *arguments, **options)

    return run


def test_every_method_of_a_closed_buffer_says_so(misuse, tmp_path):
    done = misuse(
        """
        def use(buffer, method):
            arguments = {
                "put": [b"1234"], "put_many": [b"1234"], "configure": [1, 1], "add_controller": [print], "on_reset": [print],
                "set_primary_sink": [sys.argv[1] + "/never.dat"], "add_callback_sink": [print], "add_memory_sink": [100],
                "add_custom_sink": [sys.argv[1] + "/never.txt", sluice.WriteMode.TEXT, str],
            }
            made = getattr(buffer, method)(*arguments.get(method, []))
            return asyncio.run(made) if method == "readable" else made

        harmless = {"close", "discard", "closed", "layout", "packet_size", "flush_size", "flush_timeout", "sinks", "stats"}
        used = []
        for options in ({}, {"packet_size": 4}, {"layout": "> number:I"}):
            for kind in (sluice.FIFO, sluice.CircularBuffer):
                buffer = kind(**options)
                claim, drain, other = buffer.claim(4), buffer.drain(), buffer.claim(1)
                buffer.close()
                for method in (name for name in dir(buffer) if not name.startswith("_") and name not in harmless):
                    assert "closed" in told(lambda: use(buffer, method), sluice.SluiceError), method
                    used.append(method)
                for call in (claim.__enter__, lambda: next(drain), lambda: iter(buffer), lambda: len(buffer), lambda: b"" in buffer):
                    assert "closed" in told(call, sluice.SluiceError), call
                told(other.commit, sluice.SluiceError)
                other.abort()
                assert buffer.closed and buffer.close() is None and buffer.discard() == 0
                async def batches():
                    return [batch async for batch in buffer]
                assert asyncio.run(batches()) == []
                repr(buffer)
        print(len(set(used)))
        """,
        tmp_path,
    )
    assert int(done.stdout) >= 24


def test_a_buffer_that_was_never_made(misuse):
    misuse(
        """
        class Late(sluice.FIFO):
            def __init__(self):
                pass

        for kind in (Late, lambda: sluice.FIFO.__new__(sluice.FIFO)):
            buffer = kind()
            for name in dir(buffer):
                if name.startswith("__") or name in ("_sinks", "sinks", "flush_size", "flush_timeout"):
                    continue
                for arguments in ([], [b"1234"], [None], [1, 2, 3]):
                    try:
                        made = getattr(buffer, name)(*arguments)
                        if name == "readable":
                            asyncio.run(made)
                    except Exception:
                        pass
            for call in (len, list, hash, repr):
                try:
                    call(buffer)
                except sluice.SluiceError:
                    pass
            del buffer
        """
    )


def test_arguments_of_every_kind_for_every_method(misuse, tmp_path):
    misuse(
        """
        os.chdir(sys.argv[1])
        values = [None, -1, 0, 1 << 40, 1 << 80, 2.5, float("nan"), "text", b"1234", bytearray(3), memoryview(b"12345678")[::2], [], {},
                  object(), print, numpy.zeros(0), numpy.zeros((2, 2), "u2"), numpy.array([None]), numpy.zeros(8, "u4")[::2],
                  numpy.zeros(1, [("a", "O")]), type, sluice.FIFO]
        for options in ({}, {"packet_size": 4}):
            for name in dir(sluice.CircularBuffer):
                if name.startswith("__") or name in ("close", "discard"):
                    continue
                for value in values:
                    buffer = sluice.CircularBuffer(capacity=4096, **options)
                    buffer.put(b"1234")
                    for arguments in ([value], [value, value], [value, sluice.WriteMode.TEXT, value]):
                        try:
                            made = getattr(buffer, name)(*arguments)
                            if name == "readable":
                                made.close()
                            elif name == "claim":
                                with made as view:
                                    pass
                        except (Exception, asyncio.CancelledError):
                            pass
                    buffer.discard()
        """,
        tmp_path,
    )


def test_views_of_a_claim_that_outlive_everything(misuse):
    done = misuse(
        """
        kept = []
        for end in ("commit", "abort", "leave", "raise", "forget"):
            for kind in (sluice.FIFO, sluice.CircularBuffer):
                buffer = kind(packet_size=4)
                claim = buffer.claim(1000)
                view = claim.__enter__()
                slice, array = view[4:8], numpy.frombuffer(view, "u1")
                if end == "commit":
                    told(claim.commit, BufferError)
                elif end == "abort":
                    claim.abort()
                elif end == "leave":
                    told(lambda: claim.__exit__(None, None, None), BufferError)
                elif end == "raise":
                    claim.__exit__(ValueError, ValueError(), None)
                for call in (lambda: buffer.put(b"1234"), buffer.close, buffer.discard, buffer.claim().__enter__):
                    told(call, RuntimeError)
                assert len(buffer) == 0 and buffer.pop_many() == b""
                array[:] = 7
                slice[:] = b"5678"
                kept.append(array)
                del claim, view, slice, buffer
        gc.collect()
        for array in kept:
            array[:] = 9
            assert array.sum() == 9 * 4000
        kept.clear()
        gc.collect()
        print("alive")
        """
    )
    assert done.stdout == "alive\n"


def test_a_claim_that_is_open_at_the_exit(misuse, tmp_path):
    misuse(
        """
        buffer = sluice.FIFO(packet_size=4)
        buffer.set_primary_sink(sys.argv[1])
        buffer.put(b"1234")
        view = buffer.claim(10).__enter__()
        array = numpy.frombuffer(view, "u1")
        """,
        tmp_path / "data.dat",
    )
    assert (tmp_path / "data.dat").read_bytes() == b"1234"


def test_everything_at_once_from_many_threads(misuse, tmp_path):
    done = misuse(
        """
        import random
        rounds = 6
        for round in range(rounds):
            options = [{"packet_size": 8}, {}, {"layout": "> number:Q"}][round % 3]
            kind = [sluice.FIFO, sluice.CircularBuffer][round % 2]
            buffer = kind(10, 0.001, capacity=1 << 14, **options)
            if round % 2:
                buffer.set_primary_sink(f"{sys.argv[1]}/{round}.dat")
                buffer.add_callback_sink(lambda batch: len(batch) % 7 != 0 or None)
                buffer.add_custom_sink(f"{sys.argv[1]}/{round}.txt", sluice.WriteMode.TEXT, lambda packet: "x\\n")
            buffer.add_controller(lambda snapshot: len(snapshot.batch) > 20)
            buffer.on_reset(lambda: None)
            stop, unexpected = threading.Event(), []

            def claim():
                with buffer.claim(8) as view:
                    if view is not None:
                        view[:8] = b"12345678"

            async def wait():
                await buffer.readable(0.001)

            calls = [
                lambda: buffer.put(b"12345678"), lambda: buffer.put_many([b"12345678"] * 20), claim, buffer.pop, buffer.pop_many,
                lambda: list(buffer), lambda: list(buffer.drain()), lambda: len(buffer), buffer.stats, buffer.clear, buffer.flush,
                lambda: buffer.poll(0.001), buffer.start, lambda: buffer.stop(0.01), buffer.flush_needed, buffer.force_release,
                lambda: buffer.configure(random.randrange(1, 50), 0.01), lambda: asyncio.run(wait()), gc.collect, buffer.peek,
            ]

            def use(seed):
                chosen = random.Random(seed)
                while not stop.is_set():
                    try:
                        chosen.choice(calls)()
                    except (sluice.SluiceError, IndexError):
                        pass
                    except BaseException as error:
                        unexpected.append(error)

            workers = [threading.Thread(target=use, args=(round * 100 + index,)) for index in range(6)]
            for worker in workers:
                worker.start()
            time.sleep(0.8)
            for _ in range(200):
                try:
                    buffer.close(0.05)
                    break
                except sluice.SluiceError:
                    time.sleep(0.005)
            else:
                buffer.discard()
            time.sleep(0.05)
            stop.set()
            for worker in workers:
                worker.join(20)
                assert not worker.is_alive()
            assert not unexpected, unexpected
            assert buffer.closed
        print(rounds)
        """,
        tmp_path,
        timeout=120,
    )
    assert done.stdout == "6\n"


@pytest.mark.parametrize("start", ["fork", "forkserver", "spawn"])
def test_multiprocessing(misuse, tmp_path, start):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            """
            import multiprocessing, sys
            import sluice

            buffer = None

            def inherited(queue):
                calls = [lambda: buffer.put(b"1234"), buffer.pop_many, lambda: buffer.claim(1), lambda: list(buffer),
                         buffer.force_release, lambda: buffer.add_callback_sink(print), buffer.drain, sluice.FIFO]
                for call in calls:
                    try:
                        call()
                        queue.put("nothing")
                    except sluice.SluiceError as error:
                        queue.put(error.status.name)

            def fresh(queue):
                with sluice.FIFO(packet_size=4) as own:
                    own.put(b"1234")
                    queue.put(own.pop_many())

            if __name__ == "__main__":
                start = sys.argv[1]
                context = multiprocessing.get_context(start)
                if start == "forkserver":
                    context.set_forkserver_preload(["__main__"])
                queue = context.SimpleQueue()
                buffer = sluice.FIFO(packet_size=4)
                buffer.put(b"abcd")
                worker = context.Process(target=inherited if start == "fork" else fresh, args=(queue,))
                worker.start()
                told = [queue.get() for _ in range(8 if start == "fork" else 1)]
                worker.join(30)
                assert worker.exitcode == 0, worker.exitcode
                assert buffer.put(b"efgh") and buffer.pop_many() == b"abcdefgh"
                buffer.close()
                print(*set(told))
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", program, start], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("E_FORKED\n" if start == "fork" else "b'1234'\n")


@pytest.mark.parametrize("end", ["", "buffer.start()", "raise SystemError", "os.kill(os.getpid(), signal.SIGINT)"])
def test_sinks_of_python_get_what_is_stored_at_the_exit(misuse, tmp_path, end):
    done = misuse(
        f"""
        buffer = sluice.FIFO(None, None, packet_size=4)
        def accept(batch):
            with open(sys.argv[1], "ab") as file:
                file.write(batch)
        buffer.add_callback_sink(accept)
        buffer.add_controller(lambda snapshot: False)
        buffer.on_reset(lambda: None)
        buffer.put_many(b"abcdefgh")
        {end}
        """,
        tmp_path / "data",
        check=False,
    )
    assert done.returncode in (0, 1, 130, -signal.SIGINT), done.stderr
    assert "Fatal" not in done.stderr
    assert (tmp_path / "data").read_bytes() == b"abcdefgh"


def test_callbacks_that_call_back_collect_and_raise(misuse, tmp_path):
    done = misuse(
        """
        told = set()
        def calls(buffer):
            def call(*arguments):
                for use in (buffer.flush, buffer.pop, buffer.pop_many, buffer.clear, buffer.close, buffer.discard, buffer.stats,
                            lambda: list(buffer), lambda: list(buffer.drain()), buffer.flush_needed, buffer.start, buffer.stop,
                            buffer.disconnect_sinks, lambda: buffer.add_controller(call), lambda: buffer.on_reset(call)):
                    try:
                        use()
                        told.add("nothing")
                    except sluice.SluiceError as error:
                        told.add(error.status.name)
                gc.collect()
                raise ZeroDivisionError
            return call

        logging.disable()
        for kind in (sluice.FIFO, sluice.CircularBuffer):
            for add in (
                lambda buffer, call: buffer.add_callback_sink(call),
                lambda buffer, call: buffer.add_controller(call),
                lambda buffer, call: buffer.on_reset(call),
                lambda buffer, call: buffer.add_custom_sink(f"{sys.argv[1]}/{kind}.txt", sluice.WriteMode.TEXT, call),
            ):
                buffer = kind(1, 0.01, packet_size=4)
                buffer.add_memory_sink(1000)
                add(buffer, calls(buffer))
                buffer.put(b"1234")
                for use in (buffer.flush, buffer.flush_needed, buffer.pop_many, lambda: buffer.poll(0.01)):
                    try:
                        use()
                    except sluice.SluiceError:
                        pass
                    buffer.put(b"1234")
                buffer.start()
                time.sleep(0.05)
                try:
                    buffer.stop(0.01)
                except sluice.SluiceError:
                    pass
                buffer.discard()
        print(*sorted(told))
        """,
        tmp_path,
    )
    assert done.stdout == "E_STATE\n"


def test_cycles_through_callbacks_are_collected(misuse, tmp_path):
    done = misuse(
        """
        import weakref
        alive = []
        for index, add in enumerate((
            lambda buffer, call: buffer.add_callback_sink(call),
            lambda buffer, call: buffer.add_controller(call),
            lambda buffer, call: buffer.on_reset(call),
            lambda buffer, call: buffer.add_custom_sink(f"{sys.argv[1]}/{index}.txt", sluice.WriteMode.TEXT, call),
        )):
            class Owner:
                def __call__(self, *arguments):
                    return ""
            owner = Owner()
            owner.buffer = sluice.FIFO(packet_size=4)
            add(owner.buffer, owner)
            owner.buffer.put(b"1234")
            alive.append(weakref.ref(owner))
            del owner
        buffer = sluice.FIFO(packet_size=4)
        claim = buffer.claim()
        claim.__enter__()
        alive.append(weakref.ref(buffer))
        del buffer, claim
        drain = sluice.FIFO(packet_size=4).drain()
        alive.append(weakref.ref(gc.get_referents(drain)[-1]))
        del drain
        for _ in range(3):
            gc.collect()
        print([one() for one in alive])
        """,
        tmp_path,
    )
    assert done.stdout == f"{[None] * 6}\n"


def test_a_buffer_outlives_its_callbacks(misuse, tmp_path):
    """Only a cycle holds the buffer, or nothing, while its pump is in a callback that collects."""
    done = misuse(
        """
        logging.disable()
        for round in range(40):
            for index, add in enumerate((
                lambda buffer, call: buffer.add_callback_sink(call),
                lambda buffer, call: buffer.add_controller(call),
                lambda buffer, call: buffer.on_reset(call),
                lambda buffer, call: buffer.add_custom_sink(f"{sys.argv[1]}/{round}-{index}.txt", sluice.WriteMode.TEXT, call),
            )):
                class Owner:
                    def __call__(self, *arguments):
                        for _ in range(3):
                            gc.collect()
                            time.sleep(0.0002)
                        return ""
                owner = Owner()
                buffer = sluice.FIFO(packet_size=8, flush_size=1)
                if round % 2:
                    owner.buffer = buffer
                add(buffer, owner)
                buffer.add_memory_sink(1000)
                buffer.start()
                for number in range(20):
                    buffer.put(bytes(8))
                time.sleep(0.0005 * (round % 5))
                del buffer, owner
                if round % 3 == 0:
                    gc.collect()
        for _ in range(100):
            gc.collect()
            time.sleep(0.001)
        print(sum(isinstance(each, sluice.Buffer) for each in gc.get_objects()))
        """,
        tmp_path,
    )
    assert done.stdout == "0\n"
    assert "Exception ignored" not in done.stderr


def test_a_sub_interpreter_cannot_import_it(misuse):
    done = misuse(
        """
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            import _interpreters as interpreters
        code = "try:\\n    import sluice\\nexcept ImportError as error:\\n    print(error, flush=True)"
        buffer = sluice.FIFO(packet_size=4)
        for _ in range(2):
            one = interpreters.create()
            interpreters.run_string(one, code)
            interpreters.destroy(one)
        del sys.modules["sluice._sluice"]
        import sluice._sluice
        buffer.put(b"1234")
        print(buffer.pop_many())
        """
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all("sub-interpreter" in line or "subinterpreter" in line for line in lines[:2])
    assert lines[2] == "b'1234'"


INTERRUPTED = {
    "claim": """
        buffer = sluice.CircularBuffer(packet_size=1024, capacity=4096, full="block", block_timeout=None)
        buffer.put_many(bytes(4096))
        begin()
        buffer.claim(2).__enter__()
    """,
    "put while another thread claims": """
        buffer = sluice.FIFO(packet_size=1024)
        buffer.put_many(bytes(4096))
        entered = threading.Event()
        def hold():
            with buffer.claim() as view:
                entered.set()
                time.sleep(8)
        threading.Thread(target=hold, daemon=True).start()
        entered.wait()
        begin()
        buffer.put(bytes(1024))
    """,
    "close while another thread claims": """
        buffer = sluice.FIFO(packet_size=1024)
        buffer.put_many(bytes(4096))
        entered = threading.Event()
        def hold():
            with buffer.claim() as view:
                entered.set()
                time.sleep(8)
        threading.Thread(target=hold, daemon=True).start()
        entered.wait()
        begin()
        buffer.close()
    """,
    "stop": """
        buffer = sluice.FIFO(None, None, packet_size=1024)
        buffer.put_many(bytes(4096))
        buffer.add_callback_sink(lambda batch: False)
        buffer.start()
        begin()
        buffer.stop(None)
    """,
    "close": """
        buffer = sluice.FIFO(None, None, packet_size=1024)
        buffer.put_many(bytes(4096))
        buffer.add_callback_sink(lambda batch: False)
        begin()
        buffer.close(None)
    """,
    "a callback": """
        buffer = sluice.FIFO(packet_size=1024)
        buffer.put_many(bytes(4096))
        buffer.add_callback_sink(lambda batch: time.sleep(30))
        begin()
        buffer.flush()
    """,
    "a controller": """
        buffer = sluice.FIFO(packet_size=1024)
        buffer.put_many(bytes(4096))
        buffer.add_controller(lambda snapshot: time.sleep(30))
        begin()
        while True:
            buffer.flush_needed()
    """,
    "drain": """
        buffer = sluice.FIFO(packet_size=1024)
        buffer.put_many(bytes(4096))
        begin()
        for packet in buffer.drain():
            buffer.put(packet)
    """,
    "readable": """
        buffer = sluice.FIFO(10, None, packet_size=1024)
        buffer.put_many(bytes(4096))
        begin()
        asyncio.run(buffer.readable())
    """,
}


@pytest.mark.parametrize("call", INTERRUPTED)
def test_ctrl_c_ends_whatever_waits(call):
    code = f"""{BEGIN}
signal.signal(signal.SIGINT, signal.default_int_handler)

def begin():
    print("waiting", flush=True)

try:
{textwrap.indent(textwrap.dedent(INTERRUPTED[call]), "    ")}
except KeyboardInterrupt:
    print("interrupted", len(buffer), flush=True)
os._exit(0)
"""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.3)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out in ("interrupted 4\n", "interrupted 3\n") if call == "drain" else out == "interrupted 4\n", err
    assert time.monotonic() - began < 5


def test_an_endless_loop_of_buffers_keeps_no_descriptors(misuse):
    done = misuse(
        """
        def one():
            buffer = sluice.FIFO(packet_size=4)
            buffer.add_callback_sink(len)
            asyncio.run(buffer.readable(0))
            with buffer.claim() as view:
                view[:] = b"1234"
            list(buffer), list(buffer.drain()), buffer.pop_many()
            buffer.close()
        for _ in range(20):
            one()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            one()
        gc.collect()
        print(len(os.listdir("/proc/self/fd")) - before)
        """
    )
    assert int(done.stdout) <= 0
