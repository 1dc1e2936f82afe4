"""What tests of graphkeras share."""

from dataclasses import fields

import pytest

from graphkeras import config as keras_config
from graphkeras.compiler import config


@pytest.fixture(autouse=True)
def same_settings_afterwards():
    """A test that chooses a target, a dtype policy or the like leaves it as it was."""
    former, former_of_keras = config.current(), keras_config._settings
    yield
    config.update(**{field.name: getattr(former, field.name) for field in fields(former)})
    keras_config._settings = former_of_keras


@pytest.fixture
def numpy_target():
    """Run compiled programs on the reference."""
    former = config.update(target="numpy")
    yield
    config.update(target=former.target)
