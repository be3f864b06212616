"""Faults as exceptions."""

import pickle

import pytest

import sluice
from sluice import SluiceError, Status, _sluice
from sluice._errors import error_of


def test_the_statuses_are_those_of_the_header():
    assert {name: number for name, number, _ in _sluice.statuses()} == {one.name: one.value for one in Status}


@pytest.mark.parametrize(
    ("status", "builtin"),
    [
        (Status.TIMEOUT, TimeoutError),
        (Status.E_INVALID, ValueError),
        (Status.E_HANDLE, ValueError),
        (Status.E_STATE, RuntimeError),
        (Status.E_MEMORY, MemoryError),
        (Status.E_IO, OSError),
        (Status.E_EXISTS, FileExistsError),
        (Status.E_NOT_FOUND, FileNotFoundError),
        (Status.E_PERMISSION, PermissionError),
        (Status.E_SIZE, ValueError),
        (Status.E_LAYOUT, ValueError),
        (Status.E_CONSTANT, ValueError),
        (Status.E_BUSY, RuntimeError),
        (Status.E_FORKED, RuntimeError),
        (Status.E_CALLBACK, SluiceError),
        (Status.E_INTERNAL, SluiceError),
        (-4711, SluiceError),
    ],
)
def test_a_fault_is_also_the_exception_of_its_kind(status, builtin):
    error = error_of(status, "what failed", "/a/path")
    assert isinstance(error, SluiceError)
    assert isinstance(error, builtin)
    assert (error.status, error.message, str(error)) == (status, "what failed", "what failed")
    if isinstance(error, OSError):
        assert error.errno > 0
        assert error.filename == "/a/path"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.status, again.message) == (status, "what failed")


def test_every_class_shows_the_one_name():
    assert type(error_of(Status.E_EXISTS, "x")).__name__ == "SluiceError"
    assert SluiceError.__module__ == "sluice"


def test_the_build_says_which_image_runs():
    info = sluice.build_info()
    assert info.startswith(f"sluice {sluice.__version__} (abi {_sluice.ABI_VERSION}; image ")


HUGE = 1 << 70


@pytest.mark.parametrize("option", ["capacity", "flush_size", "flush_bytes"])
def test_a_number_beyond_the_limit_is_told_the_limit(option):
    with pytest.raises(ValueError, match=f"{option} is {HUGE}, it must be at most {2**62 - 1}"):
        sluice.CircularBuffer(**{"packet_size": 8, option: HUGE})


@pytest.mark.parametrize("option", ["flush_timeout", "block_timeout"])
def test_a_time_is_a_number(option):
    for wrong in ("7", b"7", [], {}):
        with pytest.raises(TypeError, match=f"{option} must be a number of seconds or None, not {type(wrong).__name__}"):
            sluice.CircularBuffer(**{"packet_size": 8, option: wrong})
    for good in (HUGE, 10**400, float("inf"), True):
        sluice.CircularBuffer(**{"packet_size": 8, option: good}).discard()
    with pytest.raises(ValueError, match=f"{option} is -1"):
        sluice.CircularBuffer(**{"packet_size": 8, option: -(10**400)})


def test_counts_beyond_all_that_is_stored(make):
    buffer = make(packet_size=8, capacity=4096)
    buffer.put_many(bytes(24))
    assert bytes(buffer.pop_many(HUGE)) == bytes(24)
    with pytest.raises(ValueError, match="most is -"):
        buffer.pop_many(-HUGE)
    with pytest.raises(OverflowError, match=f"count is {HUGE}, it must be at most {2**63 - 1}"):
        buffer.claim(HUGE)
    claim = buffer.claim(2)
    with claim as view, pytest.raises(OverflowError, match=f"count is {HUGE}"):
        assert view.nbytes == 16
        claim.commit(HUGE)


@pytest.mark.parametrize(
    ("value", "text"), [("a\0b", "zero byte"), ("\ud800", "part of a character"), ("", "is empty"), (b"", "is empty")]
)
def test_a_path_that_is_none_names_its_argument(value, text):
    for name, use in {
        "file": lambda: sluice.CircularBuffer(packet_size=8, file=value),
        "spill_directory": lambda: sluice.FIFO(packet_size=8, spill_directory=value),
        "file_path": lambda: sluice.FIFO(packet_size=8).set_primary_sink(value),
        "path": lambda: sluice.PacketFile(value, packet_size=8),
    }.items():
        with pytest.raises(ValueError, match=f"^{name} is") as told:
            use()
        assert text in str(told.value)
    if value:
        with pytest.raises(ValueError, match="^name is") as told:
            sluice.CircularBuffer(packet_size=8, name=value)
        assert text in str(told.value)


def test_a_path_of_another_type_names_its_argument():
    with pytest.raises(TypeError, match="^path must be str, bytes or os.PathLike, not int"):
        sluice.PacketFile(3, packet_size=8)


def test_a_callback_is_told_what_to_do(make):
    buffer, texts = make(packet_size=8), []

    def call_back(batch):
        with pytest.raises(SluiceError) as told:
            buffer.flush()
        texts.append(str(told.value))

    buffer.add_callback_sink(call_back)
    buffer.put(bytes(8))
    buffer.flush()
    assert "let the callback return, or hand the work to another thread" in texts[0]
