"""What the tests of the generator share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps what mypy finds out about the libraries, which takes most of its time."""
    return tmp_path_factory.mktemp("mypy")
