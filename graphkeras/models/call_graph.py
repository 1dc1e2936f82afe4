"""`CallGraph`: the layer and op calls between a model's inputs and outputs, and how they are made again on other tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from graphkeras.compiler.dims import Dim, DimLike
from graphkeras.compiler.provenance import at, user_source

from .. import ops, tree
from ..layers.input_layer import InputLayer
from ..layers.layer import Layer
from ..tensor import Call, KerasTensor
from ..trace import current_trace, on_arrays


class CallGraph:
    """What a functional model is made of.

    Args:
        inputs: a symbolic tensor or a structure of them.
        outputs: a symbolic tensor or a structure of them that depends on `inputs` only.

    Attributes:
        inputs, outputs: the structures as given.
        calls: the recorded calls, each after those whose results it uses.
        operations: layers and op nodes, in the order in which Keras lists them.

    Raises:
        ValueError: for something that is no symbolic tensor, or an output that depends on another input.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs: list[KerasTensor] = _tensors("inputs", inputs)
        self.flat_outputs: list[KerasTensor] = _tensors("outputs", outputs)
        #: the InputLayer of every input; for an input that some other layer made, a new one
        self.input_layers = [_input_layer(tensor) for tensor in self.flat_inputs]
        self._sources = {id(tensor): layer for tensor, layer in zip(self.flat_inputs, self.input_layers)}
        self._ranks: dict[Any, int] = {}
        self.calls: tuple[Call, ...] = tuple(self._search())
        self.operations: tuple[Any, ...] = tuple(self._ordered())

    @property
    def layers(self) -> list[Layer]:
        """The layers, without op nodes."""
        return [operation for operation in self.operations if isinstance(operation, Layer)]

    def call_of(self, tensor: KerasTensor) -> Call:
        """The call that made a tensor; for an input the one of its `InputLayer`."""
        source = self._sources.get(id(tensor))
        if source is not None:
            return source._calls[0]
        assert tensor.history is not None
        return tensor.history.call

    def reference(self, tensor: KerasTensor) -> tuple[str, int, int]:
        """(name of the layer, number of its call in this model, number of the result): how files name a tensor."""
        if id(tensor) in self._sources:
            return self._sources[id(tensor)].name, 0, 0
        assert tensor.history is not None
        call = tensor.history.call
        return call.operation.name, self.calls_of(call.operation).index(call), tensor.history.tensor_index

    def calls_of(self, operation: Any) -> list[Call]:
        """The calls of a layer that belong to this model, in the order in which they were made."""
        own = {id(call) for call in self.calls}
        return [call for call in operation._calls if id(call) in own]

    def run(self, inputs: Sequence[Any], training: bool | None = None, replace: Callable[[Any], Any] | None = None) -> Any:
        """Make all calls again on other tensors, one for each input; returns the outputs in their structure.

        `training`, if given, counts more than what the recorded calls say, as in Keras 3: Keras's files record a layer's
        default as if it were the user's choice. `replace` may give another layer to call in place of a recorded one.
        """
        if self._differentiates and current_trace() is None and not any(isinstance(x, KerasTensor) for x in inputs):
            return on_arrays(lambda tensors: self.run(tensors, training, replace), inputs)
        values: dict[int, Any] = {id(tensor): value for tensor, value in zip(self.flat_inputs, inputs, strict=True)}

        sizes = self._sizes(inputs)

        def value_of(leaf: Any) -> Any:
            if isinstance(leaf, KerasTensor):
                return values[id(leaf)]
            if isinstance(leaf, Dim):
                return leaf.bind(sizes)
            if isinstance(leaf, slice):
                return slice(value_of(leaf.start), value_of(leaf.stop), value_of(leaf.step))
            return leaf

        for call in self.calls:
            if isinstance(call.operation, InputLayer):
                continue
            operation = call.operation if replace is None else replace(call.operation)
            args, kwargs = tree.map_structure(value_of, (call.args, call.kwargs))
            if training is not None and "training" in kwargs:
                kwargs["training"] = training
            with at(call.source):
                result = operation(*args, **kwargs)
            for old, new in zip(tree.flatten(call.structure), tree.flatten(result), strict=True):
                values[id(old)] = new
        return tree.map_structure(value_of, self.outputs)

    @property
    def _differentiates(self) -> bool:
        """Whether there are gradients among the calls: arrays do not remember how they were computed."""
        return any(call.operation.name.startswith("gradients") and not isinstance(call.operation, Layer) for call in self.calls)

    def _sizes(self, inputs: Sequence[Any]) -> dict[str, DimLike]:
        """What the symbols in the shapes of the recorded inputs are in the new ones: recorded calls may hold them."""
        sizes: dict[str, DimLike] = {}
        for tensor, value in zip(self.flat_inputs, inputs):
            for dim, size in zip(tensor.value.type.shape, () if value is None else ops.shape(value)):
                if isinstance(dim, Dim) and str(dim).isidentifier():
                    sizes.setdefault(str(dim), size)
        return sizes

    def _search(self) -> list[Call]:
        """Depth-first from the outputs: calls in the order in which they finish. Notes each operation's first visit."""
        finished: list[Call] = []
        seen: set[int] = set()
        for output in self.flat_outputs:
            stack: list[tuple[Call, Iterator[KerasTensor], bool]] = [(self._checked(output), iter(()), True)]
            while stack:
                call, parents, is_new = stack.pop()
                if is_new:
                    if id(call) in seen:
                        continue
                    seen.add(id(call))
                    self._ranks.setdefault(call.operation, len(self._ranks))
                    parents = iter(call.inputs)
                parent = next(parents, None)
                if parent is None:
                    finished.append(call)
                    continue
                stack.append((call, parents, False))
                stack.append((self._checked(parent), iter(()), True))
        return finished

    def _checked(self, tensor: KerasTensor) -> Call:
        if id(tensor) in self._sources:
            return self.call_of(tensor)
        if tensor.history is None:
            raise ValueError(
                f"{tensor!r} does not lead back to an Input: it was made inside a layer's call. A model is made of tensors "
                f"that layers and ops return.\n  at {user_source()}"
            )
        call = tensor.history.call
        if isinstance(call.operation, InputLayer):
            names = ", ".join(layer.name for layer in self.input_layers)
            raise ValueError(
                f"The outputs depend on the input {call.operation.name!r} (made at {call.source}), which is not among the "
                f"model's inputs: {names}. Add it to inputs.\n  at {user_source()}"
            )
        return call

    def _ordered(self) -> list[Any]:
        """Operations by depth below the outputs, deepest first, then by first visit: the order of Keras's files."""
        node_depth: dict[int, int] = {}
        depth: dict[Any, int] = {}
        for call in reversed(self.calls):
            own = max(node_depth.get(id(call), 0), depth.get(call.operation, 0))
            node_depth[id(call)] = depth[call.operation] = own
            for tensor in call.inputs:
                parent = id(self.call_of(tensor))
                node_depth[parent] = max(node_depth.get(parent, 0), own + 1)
        for layer in self.input_layers:
            depth.setdefault(layer, 0)
            self._ranks.setdefault(layer, -1)
        return sorted(depth, key=lambda operation: (-depth[operation], self._ranks[operation]))


def _tensors(what: str, structure: Any) -> list[KerasTensor]:
    flat = tree.flatten(structure)
    for leaf in flat:
        if not isinstance(leaf, KerasTensor):
            raise ValueError(
                f"The {what} of a model must be symbolic tensors, got {type(leaf).__name__}: {leaf!r}. "
                f"Start from keras.Input(shape) and call layers on it.\n  at {user_source()}"
            )
    if not flat:
        raise ValueError(f"A model needs at least one tensor as {what}.")
    return flat


def _input_layer(tensor: KerasTensor) -> InputLayer:
    made_by = tensor.history.operation if tensor.history is not None else None
    return made_by if isinstance(made_by, InputLayer) else InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype)
