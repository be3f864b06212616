"""What the tests of the packages share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from dotnet import Consumers  # noqa: E402


@pytest.fixture(scope="session")
def consumers(tmp_path_factory: pytest.TempPathFactory) -> Consumers:
    """Projects outside the tree that use the NuGet package."""
    return Consumers(tmp_path_factory.mktemp("consumers"))
