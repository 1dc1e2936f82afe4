"""Where each part of a model is stored: the paths of Keras's `.weights.h5` files.

A path is the chain of attribute names from the model to a layer. Attributes are visited in alphabetical order, those with
a leading underscore last; each layer is stored once, at the first path that reaches it. Inside a list, tuple or dict a layer is
called by its class in snake_case, numbered in order: ``layers/dense``, ``layers/dense_1``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import Any, NamedTuple

from ..naming import to_snake_case


@cache
def is_layer_class(cls: type) -> bool:
    """Whether it is a class of layers, told by what they can do; importing `Layer` here would close a circle of imports."""
    return all(hasattr(cls, method) for method in ("get_weights", "set_weights", "build_from_config"))


def is_layer(value: Any) -> bool:
    return is_layer_class(value.__class__)


def is_random_source(value: Any) -> bool:
    """Whether it is a seed generator."""
    return hasattr(type(value), "next") and hasattr(value, "state")


class Part(NamedTuple):
    """Something found in a model.

    Attributes:
        path: such as ``layers/dense_1``; "" for the model itself.
        target: the layer or seed generator.
    """

    path: str
    target: Any


def layers_of(model: Any) -> Iterator[Part]:
    """The model and all layers in it."""
    for part in _walk(model, "", set()):
        if is_layer(part.target):
            yield part


def random_sources_of(model: Any) -> Iterator[Part]:
    """All seed generators in the model's layers."""
    for part in _walk(model, "", set()):
        if not is_layer(part.target):
            yield part


def _walk(target: Any, path: str, seen: set[int]) -> Iterator[Part]:
    if id(target) in seen:
        return
    seen.add(id(target))
    yield Part(path, target)
    if not is_layer(target):
        return
    for name, child in _attributes(target):
        place = f"{path}/{name}" if path else name
        if _is_part(child):
            yield from _walk(child, place, seen)
        elif isinstance(child, (list, tuple, Mapping, Set)):
            yield from _walk_container(child, place, seen)


def _walk_container(container: Any, path: str, seen: set[int]) -> Iterator[Part]:
    counts: Counter[str] = Counter()
    for item in container.values() if isinstance(container, Mapping) else container:
        if _is_part(item):
            stem = to_snake_case(type(item).__name__)
        elif isinstance(item, (list, tuple, Mapping)):
            stem = "container"
        else:
            continue
        place = f"{path}/{stem}_{counts[stem]}" if counts[stem] else f"{path}/{stem}"
        counts[stem] += 1
        yield from _walk(item, place, seen) if _is_part(item) else _walk_container(item, place, seen)


def _is_part(value: Any) -> bool:
    return is_layer(value) or is_random_source(value)


def _attributes(layer: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that may hold parts, in the order of the file format."""
    is_assembled = type(layer).__name__ == "Sequential" or getattr(layer, "_program", None) is not None
    if is_assembled:
        yield "layers", layer.layers
    own = vars(layer)
    names = [name for name in (*own, *_user_properties(type(layer))) if not name.startswith("__")]
    if hasattr(type(layer), "layers") and not is_assembled:
        names.append("layers")
    for name in sorted(set(names) - _INTERNAL, key=lambda name: (name.startswith("_"), name)):
        yield name, own[name] if name in own else getattr(layer, name)


def _user_properties(cls: type) -> Iterator[str]:
    """Properties that a user's class defines: Keras stores the layer that one returns under the property's name."""
    for base in cls.__mro__:
        if not base.__module__.startswith(("graphkeras.", "builtins")):
            yield from (name for name, value in vars(base).items() if isinstance(value, property))


#: Attributes in which layers and models keep their books; the parts in them are reached by other names.
_INTERNAL = frozenset(
    {
        "_layers",
        "_variables",
        "_trainable_variables",
        "_non_trainable_variables",
        "_metrics",
        "_losses",
        "_seed_generators",
        "_operations",
        "_nodes",
        "_functional",
        "_tracker",
        "optimizer",
        "loss",
        "metrics",
        "variables",
        "weights",
    }
)
