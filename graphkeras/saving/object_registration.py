"""Names for a user's own classes and functions, so that saved models can say which one they mean.

A file never brings code; it brings a name. The name is looked up in, one after the other: the `custom_objects` argument of
the call, the enclosing `CustomObjectScope`s, and what `register_keras_serializable` has registered.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_OBJECTS: dict[str, Any] = {}
_NAMES: dict[Any, str] = {}
_SCOPED: ContextVar[dict[str, Any]] = ContextVar("graphkeras_custom_objects", default={})  # noqa: B039 (never changed)


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorator: models that use the class or function can be loaded without `custom_objects`.

    The file says ``package>name``; `name` defaults to the name of the class.

    Raises:
        ValueError: for a class without `get_config`, which could not be written to a file.

    Example:
        >>> @register_keras_serializable("my_package")
        ... class Scale:
        ...     def get_config(self):
        ...         return {}
        >>> get_registered_name(Scale)
        'my_package>Scale'
    """

    def register(target: T) -> T:
        own_name = name or target.__name__  # type: ignore[attr-defined]
        registered = f"{package}>{own_name}"
        if inspect.isclass(target) and not hasattr(target, "get_config"):
            raise ValueError(
                f"Cannot register the class {target.__name__}: it has no get_config method. "
                "Add one that returns the arguments of its constructor as a dict."
            )
        former = _OBJECTS.get(registered)
        if former is not None:
            _NAMES.pop(former, None)
        _OBJECTS[registered] = target
        _NAMES[target] = registered
        return target

    return register


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Inside the block, names in files may mean the given classes and functions: ``{"MyLayer": MyLayer}``."""
    token = _SCOPED.set({**_SCOPED.get(), **custom_objects})
    try:
        yield
    finally:
        _SCOPED.reset(token)


CustomObjectScope = custom_object_scope


def get_custom_objects() -> dict[str, Any]:
    """The global table of custom objects; it may be changed: ``get_custom_objects()["MyLayer"] = MyLayer``."""
    return _OBJECTS


def get_registered_name(obj: Any) -> str:
    """``package>name`` of a registered class or function, otherwise its own name."""
    return _NAMES.get(obj) or str(obj.__name__)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """The class or function that `name` means, or None.

    Looks into `custom_objects`, the enclosing scopes, the global table, then `module_objects`.
    """
    for table in (custom_objects or {}, _SCOPED.get(), _OBJECTS, module_objects or {}):
        if name in table:
            return table[name]
    return None
