"""`keras.remat` and `keras.RematScope`: computing again in the backward pass what would take memory to keep."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass
from math import prod
from typing import Any

from graphkeras.compiler.graph import Node, nodes_made
from graphkeras.compiler.rematerialize import rematerialized

from . import tree
from .operation import OpFunction
from .ops.bodies import shown_to_user
from .tensor import KerasTensor

MODES = (None, "full", "activations", "larger_than", "list_of_layers")


def remat(f: Callable[..., Any]) -> OpFunction:
    """`f`, whose gradient computes it again from its arguments, and so keeps nothing of what lies in between.

    Costs a second forward pass of `f`. It saves memory on the triton target; onnxruntime merges equal computations, and keeps
    them. Random numbers drawn inside are the same both times.

    Args:
        f: a function of tensors, which may read variables.

    Example:

    ```python
    class Block(keras.layers.Layer):
        def call(self, x):
            return keras.remat(self.inner)(x)
    ```
    """
    if not callable(f):
        raise TypeError(f"remat takes a function of tensors, got {f!r}.")

    @functools.wraps(f)
    def body(*args: Any, **kwargs: Any) -> Any:
        with nodes_made() as made:
            result = f(*shown_to_user(args), **shown_to_user(kwargs))
        return _again(result, made)

    return OpFunction(body)


def _again(result: Any, made: Sequence[Node]) -> Any:
    """The result of a function that made these nodes, with tensors whose gradients compute the nodes again."""
    leaves = [leaf for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor)]
    new = iter(rematerialized([leaf.value for leaf in leaves], made))
    return tree.map_structure(lambda leaf: KerasTensor.of(next(new)) if isinstance(leaf, KerasTensor) else leaf, result)


@dataclass(frozen=True)
class RematMode:
    """Which calls of a layer are computed again.

    Attributes:
        mode: one of `MODES`.
        output_size_threshold: for "larger_than": the number of elements of the result, open sizes counted as 1.
        layer_names: for "list_of_layers".
    """

    mode: str
    output_size_threshold: int = 1024
    layer_names: tuple[str, ...] = ()

    def call(self, layer: Any, function: Callable[[], Any]) -> Any:
        """`function`, which calls the layer, with what the mode says."""
        if self.mode == "activations":
            activation = vars(layer).get("activation")
            if not callable(activation):
                return function()
            vars(layer)["activation"] = remat(activation)
            try:
                return function()
            finally:
                vars(layer)["activation"] = activation
        if self.mode == "list_of_layers" and layer.name not in self.layer_names:
            return function()
        if self.mode == "larger_than":
            with nodes_made() as made:
                result = function()
            sizes = [prod(size or 1 for size in leaf.shape) for leaf in tree.flatten(result) if isinstance(leaf, KerasTensor)]
            return _again(result, made) if sum(sizes) > self.output_size_threshold else result
        return remat(function)()


class RematScope:
    """Layers made inside compute their results again in the backward pass (see `remat`), instead of keeping them.

    Args:
        mode: ``"full"``: every layer; ``"activations"``: the activation functions of layers; ``"larger_than"``: layers
            whose result has more than `output_size_threshold` elements; ``"list_of_layers"``: those of `layer_names`;
            None: none.
        output_size_threshold: the number of elements; open sizes count as 1.
        layer_names: names of layers.

    Raises:
        ValueError: for another mode.

    Example:

    ```python
    with keras.RematScope("full"):
        block = keras.layers.Dense(4096, activation="gelu")
    ```
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Sequence[str] | None = None
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"RematScope: mode must be one of {', '.join(map(repr, MODES))}, got {mode!r}.")
        self.mode, self.output_size_threshold, self.layer_names = mode, output_size_threshold, list(layer_names or ())
        self._tokens: list[Token[RematMode | None]] = []

    def __enter__(self) -> RematScope:
        inside = RematMode(self.mode, self.output_size_threshold, tuple(self.layer_names)) if self.mode else None
        self._tokens.append(_CURRENT.set(inside))
        return self

    def __exit__(self, *error: object) -> None:
        _CURRENT.reset(self._tokens.pop())


_CURRENT: ContextVar[RematMode | None] = ContextVar("graphkeras_remat", default=None)


def current_mode() -> RematMode | None:
    """The mode of the innermost `RematScope`."""
    return _CURRENT.get()
