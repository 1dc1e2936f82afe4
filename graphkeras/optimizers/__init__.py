"""`keras.optimizers`: how variables follow gradients."""

from __future__ import annotations

from typing import Any

from ..identifiers import resolve, subclasses_in
from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from . import legacy, schedules
from .adafactor import Adafactor
from .adagrad import Adadelta, Adagrad
from .adam import Adam, Adamax, AdamW, Lamb, Nadam
from .ftrl import Ftrl
from .lion import Lion
from .loss_scale import LossScaleOptimizer
from .muon import Muon
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

_CLASSES = subclasses_in(vars(), Optimizer)
TABLE: dict[str, Any] = {
    **{name.lower(): each for name, each in _CLASSES.items()},
    **_CLASSES,
}


def get(identifier: Any) -> Optimizer:
    """The optimizer that `identifier` means.

    Raises:
        ValueError: for an unknown name; lists the near matches.
        TypeError: for something that is no optimizer.
    """
    if isinstance(identifier, str) and identifier not in TABLE and identifier.lower() in TABLE:
        identifier = identifier.lower()
    if isinstance(identifier, Optimizer):
        return identifier
    found = resolve("optimizer", _standard(identifier), TABLE) if isinstance(identifier, (str, dict, type)) else None
    if not isinstance(found, Optimizer):
        raise TypeError(
            "An optimizer is given by name ('adam'), as an object (keras.optimizers.Adam()) or as a config, "
            f"got {identifier!r}."
        )
    return found


def _standard(identifier: Any) -> Any:
    """A config whose class is written in any case, as in files of Keras 2."""
    if isinstance(identifier, dict) and str(identifier.get("class_name", "")).lower() in TABLE:
        name = TABLE[identifier["class_name"].lower()].__name__
        return {**identifier, "class_name": name}
    return identifier


def serialize(optimizer: Optimizer) -> Any:
    """The config of an optimizer."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` wrote."""
    return deserialize_keras_object(_standard(config), custom_objects=custom_objects, module_objects=TABLE)


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]
