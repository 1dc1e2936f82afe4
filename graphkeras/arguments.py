"""The arguments of a constructor, listed once, in its signature: for passing them on, and for configs.

This is for classes that keep each argument in the attribute of that name: layers, losses, metrics, schedules.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

_NAMES: dict[type, tuple[str, ...]] = {}


def passed(local_names: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor by name, from its `locals()` in its first line.

    With ``super().__init__(**passed(locals()))`` a constructor lists its arguments and their defaults once.
    """
    given = {name: value for name, value in local_names.items() if name not in ("self", "__class__", "kwargs")}
    return {**given, **local_names.get("kwargs", {})}


def argument_names(cls: type) -> tuple[str, ...]:
    """The arguments of a class; for a user's subclass those of the class of graphkeras that it is made from."""
    if cls not in _NAMES:
        ours = next(one for one in cls.__mro__ if one.__module__.startswith("graphkeras."))
        parameters = list(inspect.signature(ours.__init__).parameters.values())[1:]  # type: ignore[misc]
        _NAMES[cls] = tuple(p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))
    return _NAMES[cls]


def kept_arguments(owner: Any) -> dict[str, Any]:
    """The arguments of an object by name, from its attributes."""
    return {name: getattr(owner, name) for name in argument_names(type(owner))}
