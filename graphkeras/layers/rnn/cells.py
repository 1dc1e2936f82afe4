"""Cells of recurrent layers: from the input of one time step and the states to the output and the next states."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import activations, constraints, initializers, ops, random, regularizers, tree
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ..input_spec import title
from ..layer import Layer


class RecurrentCell(Layer):
    """What the three cells share: weights of `gates` parts each, and dropout that is the same at all time steps."""

    #: How many parts the columns of the kernels have.
    gates: ClassVar[int] = 1
    #: Attributes that are activations.
    activation_names: ClassVar[tuple[str, ...]] = ("activation",)

    units: int
    activation: Any
    recurrent_activation: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any

    def __init__(
        self,
        units: int,
        use_bias: bool,
        activation: dict[str, Any],
        parts: dict[str, Any],
        dropout: float,
        recurrent_dropout: float,
        seed: Any,
        kwargs: dict[str, Any],
    ) -> None:
        self.implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"{title(self)}: units must be a positive integer, got {units!r}.")
        self.units, self.use_bias = units, use_bias
        for name, value in activation.items():
            setattr(self, name, activations.get(value))
        for name, value in parts.items():
            setattr(self, name, _MODULES[name.rpartition("_")[2]].get(value))
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        if self.dropout > 0 or self.recurrent_dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self._masks: dict[str, Any] = {}
        self.state_size: Any = units
        self.output_size = units

    def build(self, input_shape: Any) -> None:
        columns = self.units * self.gates
        self.kernel = self._weight("kernel", (input_shape[-1], columns))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, columns), "recurrent")
        self.bias = self._weight("bias", self._bias_shape()) if self.use_bias else None

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self.gates,)

    def _weight(self, name: str, shape: tuple[Any, ...], prefix: str | None = None) -> Any:
        prefix = prefix or name
        return self.add_weight(
            shape,
            self._initializer(name, getattr(self, f"{prefix}_initializer")),
            regularizer=getattr(self, f"{prefix}_regularizer"),
            constraint=getattr(self, f"{prefix}_constraint"),
            name=name,
        )

    def _initializer(self, name: str, initializer: Any) -> Any:
        return initializer

    # ---- dropout ------------------------------------------------------------------------------------------------------

    def draw_masks(self, inputs: Any, state: Any, training: Any) -> None:
        """Draw what dropout multiplies the inputs and the state with, once for all time steps; `forget_masks` ends it."""
        self._masks.clear()
        for name, x, rate in (("inputs", inputs, self.dropout), ("state", state, self.recurrent_dropout)):
            if training and rate > 0:
                self._masks[name] = random.dropout(ops.ones_like(x), rate, seed=self.seed_generator)

    def forget_masks(self) -> None:
        self._masks.clear()

    def _dropped(self, inputs: Any, state: Any, training: Any) -> tuple[Any, Any]:
        """Inputs and state after dropout."""
        lonely = training and not self._masks  # called by itself, not by a layer
        if lonely:
            self.draw_masks(inputs, state, training)
        if "inputs" in self._masks:
            inputs = ops.multiply(inputs, self._masks["inputs"])
        if "state" in self._masks:
            state = ops.multiply(state, self._masks["state"])
        if lonely:
            self.forget_masks()
        return inputs, state

    # ---- states and config --------------------------------------------------------------------------------------------

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for every state."""
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in tree.flatten(self.state_size)]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **cell_config(self)}


_MODULES: dict[str, Any] = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


def cell_config(cell: RecurrentCell) -> dict[str, Any]:
    """The arguments of the cell that recurrent layers have, too."""
    config: dict[str, Any] = {"units": cell.units, "use_bias": cell.use_bias}
    for name in cell.activation_names:
        config[name] = activations.serialize(getattr(cell, name))
    for kind, module in _MODULES.items():
        for part in ("kernel", "recurrent", "bias"):
            config[f"{part}_{kind}"] = module.serialize(getattr(cell, f"{part}_{kind}"))
    return {**config, "dropout": cell.dropout, "recurrent_dropout": cell.recurrent_dropout, "seed": cell.seed}


class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`: activation(inputs @ kernel + bias + state @ recurrent_kernel)."""

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
        parts = {
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
        }
        super().__init__(units, use_bias, {"activation": activation}, parts, dropout, recurrent_dropout, seed, kwargs)

    def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
        before = states[0] if isinstance(states, (list, tuple)) else states
        sequence, before = self._dropped(sequence, before, training)
        h = ops.matmul(sequence, self.kernel)
        if self.bias is not None:
            h = ops.add(h, self.bias)
        output = self.activation(ops.add(h, ops.matmul(before, self.recurrent_kernel)))
        return output, [output] if isinstance(states, (list, tuple)) else output


class LSTMCell(RecurrentCell):
    """One step of `LSTM`. The columns of its kernels are: input gate, forget gate, candidate, output gate."""

    gates = 4
    activation_names = ("activation", "recurrent_activation")

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
        parts = {
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
        }
        activation_of = {"activation": activation, "recurrent_activation": recurrent_activation}
        super().__init__(units, use_bias, activation_of, parts, dropout, recurrent_dropout, seed, kwargs)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [units, units]

    def _initializer(self, name: str, initializer: Any) -> Any:
        if name != "bias" or not self.unit_forget_bias:
            return initializer

        def with_open_forget_gate(_: Any, dtype: Any = None) -> Any:
            units, ones = self.units, initializers.get("ones")
            pieces = (initializer((units,), dtype), ones((units,), dtype), initializer((2 * units,), dtype))
            return ops.concatenate(pieces, axis=0)

        return with_open_forget_gate

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        inputs, h = self._dropped(inputs, states[0], training)
        z = ops.add(ops.matmul(inputs, self.kernel), ops.matmul(h, self.recurrent_kernel))
        if self.bias is not None:
            z = ops.add(z, self.bias)
        take, keep, new, give = ops.split(z, 4, axis=1)
        carry = self.recurrent_activation(keep) * states[1] + self.recurrent_activation(take) * self.activation(new)
        output = self.recurrent_activation(give) * self.activation(carry)
        return output, [output, carry]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


class GRUCell(RecurrentCell):
    """One step of `GRU`. The columns of its kernels are: update gate, reset gate, candidate.

    Args:
        reset_after: whether the reset gate acts after the product with the recurrent kernel; then the bias has two rows.
    """

    gates = 3
    activation_names = ("activation", "recurrent_activation")

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
        parts = {
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
        }
        activation_of = {"activation": activation, "recurrent_activation": recurrent_activation}
        super().__init__(units, use_bias, activation_of, parts, dropout, recurrent_dropout, seed, kwargs)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        before = states[0] if isinstance(states, (list, tuple)) else states
        inputs, h = self._dropped(inputs, before, training)
        u, kernel = self.units, self.recurrent_kernel
        x = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, ops.get_item(self.bias, 0) if self.reset_after else self.bias)
        if self.reset_after:
            inner = ops.matmul(h, kernel)
            if self.bias is not None:
                inner = ops.add(inner, ops.get_item(self.bias, 1))
        else:
            inner = ops.matmul(h, kernel[:, : 2 * u])
        z = self.recurrent_activation(x[:, :u] + inner[:, :u])
        r = self.recurrent_activation(x[:, u : 2 * u] + inner[:, u : 2 * u])
        candidate = r * inner[:, 2 * u :] if self.reset_after else ops.matmul(r * h, kernel[:, 2 * u :])
        output = z * before + (1 - z) * self.activation(x[:, 2 * u :] + candidate)
        return output, [output] if isinstance(states, (list, tuple)) else output

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reset_after": self.reset_after}


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
