"""What a user means by a name, an object, a class, a function or a config: a loss, an initializer, an optimizer, ..."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .lookup import lookup
from .saving.object_registration import get_registered_object
from .saving.serialization import deserialize_keras_object


def subclasses_in(names: Mapping[str, Any], base: type) -> dict[str, type[Any]]:
    """The subclasses of `base`, without itself, among the names of a module."""
    return {name: each for name, each in names.items() if inspect.isclass(each) and issubclass(each, base) and each is not base}


def resolve(kind: str, identifier: Any, table: Mapping[str, Any]) -> Any:
    """The object that `identifier` means: classes are called without arguments, functions come as they are.

    Args:
        kind: the plain word for messages, such as "loss".
        identifier: a name in `table` or of a custom object, a config dict, a class, or an object.
        table: classes and functions by name.

    Raises:
        ValueError: for an unknown name; lists the near matches.
        TypeError: for something that is none of these.
    """
    if isinstance(identifier, Mapping):
        found = deserialize_keras_object(dict(identifier), module_objects=table)
        return resolve(kind, found, table) if isinstance(found, str) else found
    if isinstance(identifier, str):
        found = get_registered_object(identifier)
        found = lookup(kind, identifier, table) if found is None else found
    else:
        found = identifier
    if inspect.isclass(found):
        return found()
    if not callable(found):
        raise TypeError(
            f"{'An' if kind[0] in 'aeiou' else 'A'} {kind} is given by name, as an object, a class or a config, "
            f"got {type(found).__name__}: {found!r}."
        )
    return found
