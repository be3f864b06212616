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
