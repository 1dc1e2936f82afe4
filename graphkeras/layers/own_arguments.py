"""Layers whose arguments are attributes of the same names: what reads, keeps and writes them is here, once for all of them."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from .. import activations, constraints, initializers, regularizers
from ..arguments import argument_names
from .input_spec import title
from .layer import Layer

#: What reads and writes an argument, by the last word of its name: ``kernel_initializer``, ``recurrent_activation``.
_KINDS: dict[str, Any] = {
    "activation": activations,
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}

#: What every layer takes.
_OF_ALL_LAYERS = frozenset((*inspect.signature(Layer.__init__).parameters, "weights"))


#: What `Layer.get_config` writes.
_IN_EVERY_CONFIG = frozenset(("name", "trainable", "dtype"))


def check_positive(layer: Layer, optional: bool = False, **numbers: Any) -> None:
    """Numbers of units, filters, heads, ..., by the names of the arguments.

    Raises:
        ValueError: for something else than a positive integer (or None, if optional).
    """
    for name, number in numbers.items():
        if not (optional and number is None) and (isinstance(number, bool) or not isinstance(number, int) or number < 1):
            raise ValueError(f"{title(layer)}: {name} must be a positive integer{' or None' * optional}, got {number!r}.")


class OwnArguments(Layer):
    """A layer that keeps each of its arguments in the attribute of that name.

    Activations, initializers, regularizers and constraints may be given as Keras allows: names, objects, configs. A subclass
    passes all of its arguments on (`passed`) and then replaces what it keeps in another form; `get_config` writes them.
    """

    #: Arguments that configs do not have.
    hidden: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, **arguments: Any) -> None:
        known = {name for cls in type(self).__mro__ if issubclass(cls, OwnArguments) for name in argument_names(cls)}
        own = [name for name in arguments if name in known - _OF_ALL_LAYERS]
        super().__init__(**{name: value for name, value in arguments.items() if name not in own})
        for name in own:
            kind = _KINDS.get(name.rpartition("_")[2])
            setattr(self, name, arguments[name] if kind is None else kind.get(arguments[name]))

    def weight(self, kind: str, shape: tuple[Any, ...], name: str | None = None, **more: Any) -> Any:
        """A variable that starts, is regularized and is constrained as the arguments ``<kind>_initializer``, ... say.

        Args:
            kind: the first word of those arguments, such as ``kernel``.
            name: the variable's name; `kind` by default.
            more: further arguments of `add_weight`, also in place of those.
        """
        handling = {what: getattr(self, f"{kind}_{what}", None) for what in ("initializer", "regularizer", "constraint")}
        return self.add_weight(shape, name=name or kind, **{**handling, **more})

    def arguments_config(self) -> dict[str, Any]:
        """Its arguments as JSON-ready data."""
        config = {}
        for name in argument_names(type(self)):
            if name in self.hidden or name in _IN_EVERY_CONFIG:
                continue
            kind = _KINDS.get(name.rpartition("_")[2])
            value = getattr(self, name)
            config[name] = value if kind is None else kind.serialize(value)
        return config

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self.arguments_config()}
