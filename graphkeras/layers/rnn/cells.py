"""Cells of recurrent layers: from the input of one time step and the states to the output and the next states."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import initializers, ops, random, tree
from ...arguments import passed
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..input_spec import title
from ..layer import Layer
from ..own_arguments import OwnArguments, check_positive


class RecurrentCell(OwnArguments):
    """What cells share: weights in which the gates lie side by side, and dropout that is the same at all time steps.

    Dropout multiplies the inputs, or the state, with one mask for all gates, as Keras does. With `recurrent_dropout` (or
    implementation=1) each gate has masks of its own (Gal & Ghahramani 2016), for the inputs and for the state.
    """

    #: How many parts the columns of the kernels have.
    gates: ClassVar[int] = 1
    #: Attributes that are activations.
    activation_names: ClassVar[tuple[str, ...]] = ("activation", "recurrent_activation")

    activation: Any
    recurrent_activation: Any
    use_bias: bool
    bias_initializer: Any
    unit_forget_bias: bool
    dropout: float
    recurrent_dropout: float
    seed: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any

    def __init__(self, implementation: int = 2, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.dropout = min(1.0, max(0.0, self.dropout))
        self.recurrent_dropout = min(1.0, max(0.0, self.recurrent_dropout))
        self.implementation = 1 if self.recurrent_dropout > 0 else implementation
        if self.dropout > 0 or self.recurrent_dropout > 0:
            self.seed_generator = random.SeedGenerator(self.seed)
        self._masks: dict[str, list[Any]] = {}

    def bias_with_open_forget_gate(self, size: int) -> Any:
        """The initializer of a bias of 4 gates, that of the second from 1 if `unit_forget_bias`."""

        def initialized(_: Any, dtype: Any = None) -> Any:
            initializer, ones = self.bias_initializer, initializers.get("ones")
            pieces = (initializer((size,), dtype), ones((size,), dtype), initializer((2 * size,), dtype))
            return ops.concatenate(pieces, axis=0)

        return initialized if self.unit_forget_bias else self.bias_initializer

    # ---- dropout ------------------------------------------------------------------------------------------------------

    @property
    def mask_count(self) -> int:
        """How many masks the inputs, and the state, have: one for all gates, or one each."""
        return self.gates if self.implementation == 1 else 1

    def draw_masks(self, inputs: Any, state: Any, training: Any) -> None:
        """Draw what dropout multiplies the inputs and the state with, once for all time steps; `forget_masks` ends it."""
        self._masks.clear()
        for name, x, rate in (("inputs", inputs, self.dropout), ("state", state, self.recurrent_dropout)):
            if training and rate > 0:
                ones = ops.ones_like(x)
                self._masks[name] = [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(self.mask_count)]

    def forget_masks(self) -> None:
        self._masks.clear()

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """The output and the next states, of the same structure as `states`."""
        nested = isinstance(states, (list, tuple))
        before = list(states) if nested else [states]
        alone = training and not self._masks  # called by itself, not by a layer
        if alone:
            self.draw_masks(inputs, before[0], training)
        output, after = self.step(inputs, before)
        if alone:
            self.forget_masks()
        return output, after if nested else after[0]

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """The output and the next states."""
        raise NotImplementedError(f"{type(self).__name__} must define step(self, inputs, states).")

    def dropped(self, name: str, x: Any, gate: int = 0) -> Any:
        """x, the "inputs" or the "state", after dropout, for one gate."""
        masks = self._masks.get(name)
        return x if masks is None else ops.multiply(x, masks[gate if len(masks) > 1 else 0])

    def for_gates(self, name: str, x: Any, kernel: Any, gates: int) -> Any:
        """x, the "inputs" or the "state", times the kernel's part of the first so many gates; their sums side by side."""
        size = kernel.shape[-1] // self.gates
        if len(self._masks.get(name, ())) <= 1:
            whole = kernel if gates == self.gates else kernel[..., : gates * size]
            return self.product(name, self.dropped(name, x), whole)
        parts = [
            self.product(name, self.dropped(name, x, gate), kernel[..., gate * size : (gate + 1) * size])
            for gate in range(gates)
        ]
        return ops.concatenate(parts, axis=self.gate_axis)

    gate_axis: int = -1

    def product(self, name: str, x: Any, kernel: Any) -> Any:
        """The "inputs" or the "state" times (a part of) the kernel."""
        return ops.matmul(x, kernel)

    # ---- states -------------------------------------------------------------------------------------------------------

    state_size: Any

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for every state."""
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in tree.flatten(self.state_size)]


class VectorCell(RecurrentCell):
    """A cell of vectors: inputs (batch, features), states (batch, units), and kernels that are matrices."""

    units: int

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        check_positive(self, units=self.units)
        self.state_size: Any = self.units
        self.output_size = self.units

    def build(self, input_shape: Any) -> None:
        columns = self.units * self.gates
        self.kernel = self.weight("kernel", (input_shape[-1], columns))
        self.recurrent_kernel = self.weight("recurrent", (self.units, columns), "recurrent_kernel")
        self.bias = self.build_bias() if self.use_bias else None

    def build_bias(self) -> Any:
        return self.weight("bias", (self.units * self.gates,))


class SimpleRNNCell(VectorCell):
    """One step of `SimpleRNN`: activation(inputs @ kernel + bias + state @ recurrent_kernel)."""

    activation_names = ("activation",)

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        h = self.for_gates("inputs", inputs, self.kernel, 1)
        if self.bias is not None:
            h = ops.add(h, self.bias)
        output = self.activation(ops.add(h, self.for_gates("state", states[0], self.recurrent_kernel, 1)))
        return output, [output]


class LSTMCell(VectorCell):
    """One step of `LSTM`. The columns of its kernels are: input gate, forget gate, candidate, output gate.

    Args:
        unit_forget_bias: whether the bias of the forget gate starts from 1.
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        self.state_size = [self.units, self.units]

    def build_bias(self) -> Any:
        return self.weight("bias", (4 * self.units,), initializer=self.bias_with_open_forget_gate(self.units))

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        x = self.for_gates("inputs", inputs, self.kernel, 4)
        z = ops.add(x, self.for_gates("state", states[0], self.recurrent_kernel, 4))
        if self.bias is not None:
            z = ops.add(z, self.bias)
        return long_short_term(self, z, states[1], axis=1)


def long_short_term(cell: RecurrentCell, z: Any, carry: Any, axis: int) -> tuple[Any, list[Any]]:
    """The output and the next states of an LSTM, from the sums `z` of its four gates, side by side along `axis`."""
    take, keep, new, give = ops.split(z, 4, axis=axis)
    carry = cell.recurrent_activation(keep) * carry + cell.recurrent_activation(take) * cell.activation(new)
    output = cell.recurrent_activation(give) * cell.activation(carry)
    return output, [output, carry]


class GRUCell(VectorCell):
    """One step of `GRU`. The columns of its kernels are: update gate, reset gate, candidate.

    Args:
        reset_after: whether the reset gate acts after the product with the recurrent kernel; then the bias has two rows.
    """

    gates = 3
    reset_after: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def build_bias(self) -> Any:
        return self.weight("bias", (2, 3 * self.units) if self.reset_after else (3 * self.units,))

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        (before,), u = states, self.units
        x = self.for_gates("inputs", inputs, self.kernel, 3)
        inner = self.for_gates("state", before, self.recurrent_kernel, 3 if self.reset_after else 2)
        if self.bias is not None:
            x = ops.add(x, ops.get_item(self.bias, 0) if self.reset_after else self.bias)
            inner = ops.add(inner, ops.get_item(self.bias, 1)) if self.reset_after else inner
        z = self.recurrent_activation(x[:, :u] + inner[:, :u])
        r = self.recurrent_activation(x[:, u : 2 * u] + inner[:, u : 2 * u])
        if self.reset_after:
            candidate = r * inner[:, 2 * u :]
        else:
            candidate = ops.matmul(r * self.dropped("state", before, 2), self.recurrent_kernel[:, 2 * u :])
        output = z * before + (1 - z) * self.activation(x[:, 2 * u :] + candidate)
        return output, [output]


class StackedRNNCells(Layer):
    """Several cells as one: each gets the output of the one before it.

    Raises:
        ValueError: for something without `call` and `state_size`.
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(f"{title(self)}: a cell needs a method `call` and an attribute `state_size`, got {cell!r}.")
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        return output_size_of(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for every state of every cell."""
        return [initial_state_of(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size_of(cell))

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        after = []
        for cell, state in zip(self.cells, states, strict=True):
            nested = tree.is_nested(state)
            inputs, new = call_cell(cell, inputs, list(state) if nested else [state], training)
            new = new if tree.is_nested(new) else [new]
            after.append(new if nested or len(new) > 1 else new[0])
        return inputs, after if len(after) > 1 else after[0]

    def draw_masks(self, inputs: Any, states: Any, training: Any) -> None:
        """Draw what dropout multiplies with, in every cell."""
        for cell, state in zip(self.cells, states, strict=True):
            first = tree.flatten(state)[0]
            if hasattr(cell, "draw_masks"):
                cell.draw_masks(inputs, state if isinstance(cell, StackedRNNCells) else first, training)
            inputs = ops.zeros((ops.shape(inputs)[0], output_size_of(cell)), dtype=self.compute_dtype)

    def forget_masks(self) -> None:
        for cell in self.cells:
            if hasattr(cell, "forget_masks"):
                cell.forget_masks()

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize_keras_object(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        cells = [deserialize_keras_object(cell, custom_objects=custom_objects) for cell in config["cells"]]
        return super().from_config({**config, "cells": cells})


def output_size_of(cell: Any) -> Any:
    """The size of a cell's output: `output_size`, or that of its first state."""
    size = getattr(cell, "output_size", None)
    return size if size is not None else tree.flatten(cell.state_size)[0]


def initial_state_of(cell: Any, batch_size: Any, dtype: str) -> Any:
    """Zeros, or what the cell's own `get_initial_state` says."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    return [ops.zeros((batch_size, size), dtype=dtype) for size in tree.flatten(cell.state_size)]


def call_cell(cell: Any, inputs: Any, states: Any, training: Any) -> Any:
    """The output of a cell and its next states; the cell may be no layer."""
    if isinstance(cell, Layer):
        return cell(inputs, states, training=training)
    return cell(inputs, states) if callable(cell) else cell.call(inputs, states)
