"""What tests of graphkeras share."""

import pytest

from graphkeras.compiler import config


@pytest.fixture
def numpy_target():
    """Run compiled programs on the reference."""
    former = config.update(target="numpy")
    yield
    config.update(target=former.target)
