"""What tests of graphkeras share."""

from dataclasses import fields

import pytest

from graphkeras.compiler import config


@pytest.fixture(autouse=True)
def same_settings_afterwards():
    """A test that chooses a target leaves it as it was."""
    former = config.current()
    yield
    config.update(**{field.name: getattr(former, field.name) for field in fields(former)})


@pytest.fixture
def numpy_target():
    """Run compiled programs on the reference."""
    former = config.update(target="numpy")
    yield
    config.update(target=former.target)
