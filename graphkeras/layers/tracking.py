"""What a layer owns: variables, sub-layers, seed generators and metrics, found in its attributes.

Lists, tuples, sets and dicts are looked into when they are asked about, so that items appended later count as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..random.seed_generator import SeedGenerator
from ..variable import Variable

T = TypeVar("T")


@dataclass
class LayerState:
    """The books of a layer, kept apart from its attributes.

    Attributes:
        trainable_variables: its own variables that were made to be trained, in the order of creation.
        non_trainable_variables: the others.
        trainable: the layer's switch.
        losses: what `add_loss` got in the last eager call.
        source: the user's line that made the layer.
        build_shapes: what `build` was called with.
        built_for: what a model of one's own class was first called on, as symbols of those shapes and dtypes.
        initial_weights: arrays given as ``weights=``, set when the layer is built.
        batch_shape: of the input, given as ``input_shape=``, ``input_dim=`` or ``batch_input_shape=``.
        is_building: whether `build` is running.
    """

    trainable_variables: list[Variable] = field(default_factory=list)
    non_trainable_variables: list[Variable] = field(default_factory=list)
    trainable: bool = True
    losses: list[Any] = field(default_factory=list)
    source: str = ""
    build_shapes: dict[str, Any] = field(default_factory=dict)
    built_for: Any = None
    initial_weights: Any = None
    batch_shape: tuple[int | None, ...] | None = None
    is_building: bool = False


_switches = 0


def count_switch() -> None:
    """A layer's `trainable` was set, or it got further weights after it was built."""
    global _switches
    _switches += 1


def switches() -> int:
    """How many times `count_switch` was called: whoever keeps a list of weights makes it anew when this grows."""
    return _switches


def unique(items: Iterable[T]) -> list[T]:
    """The items without repetitions (by identity)."""
    return list({id(item): item for item in items}.values())


def leaves_of(attributes: Mapping[str, Any]) -> Iterator[Any]:
    """Everything in the attributes of a layer and in the containers among them."""
    for value in list(attributes.values()):
        yield from _leaves(value)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in list(value.values()):
            yield from _leaves(item)
    elif isinstance(value, (list, tuple, Set)) and not isinstance(value, str):
        for item in list(value):
            yield from _leaves(item)
    else:
        yield value


def variables_in(attributes: Mapping[str, Any]) -> list[Variable]:
    return unique(leaf for leaf in leaves_of(attributes) if isinstance(leaf, Variable))


def seed_generators_in(attributes: Mapping[str, Any]) -> list[SeedGenerator]:
    return unique(leaf for leaf in leaves_of(attributes) if isinstance(leaf, SeedGenerator))


def metrics_in(attributes: Mapping[str, Any]) -> list[Any]:
    """Metrics are told by what they can do: `graphkeras.metrics` builds on layers' own foundations and is not imported here."""
    return unique(
        leaf
        for leaf in leaves_of(attributes)
        if callable(getattr(type(leaf), "update_state", None)) and callable(getattr(type(leaf), "result", None))
    )
