"""`RNN`: applies a cell to every time step."""

from __future__ import annotations

from typing import Any

from ... import ops, tree
from ...ops.recurrent import rnn
from ...saving.serialization import deserialize_keras_object, serialize_keras_object
from ...variable import Variable
from ..input_spec import title
from ..layer import Layer
from .cells import StackedRNNCells, call_cell, initial_state_of, output_size_of


class RNN(Layer):
    """A cell applied to every time step of sequences.

    Args:
        cell: a cell, or a list of cells that are stacked. A cell has `call(inputs, states) -> (output, new states)` and
            `state_size`, a number or a list of numbers; it may have `output_size` and `get_initial_state(batch_size)`.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: whether the graph holds the cell once for each time step, in place of a loop. The number of time steps must
            be known. A target without loops unrolls all of them.
        zero_output_for_mask: whether the output of a masked time step is 0; it is the output before otherwise.

    Input shape: ``(batch, time, ...)``.

    Raises:
        ValueError: for a cell without `call` or `state_size`.
    """

    supports_masking = True
    cell: Any

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        for wanted in ("call", "state_size"):
            if not hasattr(cell, wanted):
                raise ValueError(f"{title(self)}: a cell needs `call` and `state_size`, {cell!r} has no {wanted}.")
        self.cell = cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll = go_backwards, stateful, unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.states: Any = None

    @property
    def state_size(self) -> list[Any]:
        size = self.cell.state_size
        return [size] if isinstance(size, int) else list(size)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            batch = sequences_shape[0]
            if batch is None:
                raise ValueError(
                    f"{title(self)}: stateful=True needs a batch of known size, got shape {tuple(sequences_shape)}. "
                    "Give Input(batch_shape=(batch, time, ...))."
                )
            self.states = tree.map_structure(
                lambda zeros: Variable(zeros, dtype=self.variable_dtype, trainable=False, name="rnn_state"),
                self.get_initial_state(batch),
            )

    def _own_variables(self) -> tuple[list[Variable], list[Variable]]:
        """Without the states, which no file holds."""
        trainable, others = super()._own_variables()
        states = {id(state) for state in tree.flatten(self.states)}
        return trainable, [variable for variable in others if id(variable) not in states]

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """The states from which sequences start: a list."""
        states = initial_state_of(self.cell, batch_size, self.compute_dtype)
        return list(states) if tree.is_nested(states) else [states]

    def reset_state(self) -> None:
        """Let the next call start from zeros, if stateful."""
        for state in tree.flatten(self.states):
            if state is not None:
                state.assign(ops.zeros(state.shape, dtype=state.dtype))

    reset_states = reset_state

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        if initial_state is None:
            initial_state = self._carried(sequences) if self.stateful else self.get_initial_state(ops.shape(sequences)[0])
        states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        states = tree.map_structure(lambda x: ops.cast(x, self.compute_dtype), states)
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        draws = hasattr(self.cell, "draw_masks")
        if draws:
            first = states if isinstance(self.cell, StackedRNNCells) else states[0]
            self.cell.draw_masks(ops.get_item(sequences, (slice(None), 0)), first, training)
        try:
            last, outputs, after = self.inner_loop(sequences, states, mask, training)
        finally:
            if draws:
                self.cell.forget_masks()
        if self.stateful:
            for own, state in zip(tree.flatten(self.states), tree.flatten(after), strict=True):
                own.assign(ops.cast(_rows(state, own.shape[0]), own.dtype))
        output = outputs if self.return_sequences else last
        return (output, *after) if self.return_state else output

    def _carried(self, sequences: Any) -> Any:
        """The last states of the call before, as many as there are sequences."""
        batch, known = ops.shape(sequences)[0], tree.flatten(self.states)[0].shape[0]
        if isinstance(batch, int) and batch != known:
            raise ValueError(f"{title(self)}: stateful, made for {known} sequences, called on {batch}.")
        return tree.map_structure(lambda state: _rows(state, batch), self.states)

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> tuple[Any, Any, Any]:
        """The last output, all outputs and the last states."""

        def step(inputs: Any, states: Any) -> tuple[Any, Any]:
            output, after = call_cell(self.cell, inputs, list(states), training)
            return output, after if tree.is_nested(after) else [after]

        return rnn(
            step,
            sequences,
            initial_state,
            go_backwards=self.go_backwards,
            mask=mask,
            zero_output_for_mask=self.zero_output_for_mask,
            unroll=self.unroll,
        )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        own = mask if self.return_sequences else None
        return [own, *([None] * len(self.state_size))] if self.return_state else own

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, time = sequences_shape[0], sequences_shape[1]
        size = output_size_of(self.cell)
        output = (batch, time, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return output
        return (output, *(tree.map_structure(lambda size: (batch, size), size) for size in self.state_size))

    def _loop_config(self) -> dict[str, Any]:
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")
        return {name: getattr(self, name) for name in names}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **self._loop_config(), "cell": serialize_keras_object(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        config = dict(config)
        if "cell" in config:
            config["cell"] = deserialize_keras_object(config["cell"], custom_objects=custom_objects)
        return super().from_config(config)


def _rows(state: Any, count: Any) -> Any:
    """The state, of a batch known as `count`: a program may not know that its batch is the layer's."""
    return state if ops.shape(state)[0] == count else ops.take(state, ops.arange(count), axis=0)
