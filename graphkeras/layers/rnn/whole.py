"""`SimpleRNN`, `LSTM` and `GRU`: each one op of the graph when its options allow it, else its cell in a loop."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...arguments import passed
from ...ops.recurrent import activation_name, gru, lstm, simple_rnn
from ..input_spec import InputSpec, title
from .cells import GRUCell, LSTMCell, SimpleRNNCell
from .own_cell import OwnCellRNN


class WholeRNN(OwnCellRNN):
    """A recurrent layer whose loop over the time steps is one op of the graph, where there is one for its options."""

    def __init__(self, use_cudnn: Any = "auto", **arguments: Any) -> None:
        super().__init__(**arguments)
        if use_cudnn not in ("auto", True, False):
            raise ValueError(f"{title(self)}: use_cudnn must be 'auto', True or False, got {use_cudnn!r}.")
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> tuple[Any, Any, Any]:
        cell = self.cell
        names = [activation_name(getattr(cell, name)) for name in cell.activation_names]
        if self.unroll or None in names or any(name == "state" or len(masks) > 1 for name, masks in cell._masks.items()):
            return super().inner_loop(sequences, initial_state, mask, training)
        if "inputs" in cell._masks:
            sequences = ops.multiply(sequences, ops.expand_dims(cell._masks["inputs"][0], 1))
        weights = (cell.kernel, cell.recurrent_kernel, cell.bias)
        options = {
            **dict(zip(cell.activation_names, names)),
            "go_backwards": self.go_backwards,
            "zero_output_for_mask": self.zero_output_for_mask,
        }
        return self._whole(sequences, initial_state, mask, weights, options)

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        raise NotImplementedError


class SimpleRNN(WholeRNN):
    """h = activation(x @ kernel + bias + h @ recurrent_kernel) at every time step.

    Args:
        units: the size of the state and the output.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: whether the graph holds the cell once for each time step, in place of a loop.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

    cell_class = SimpleRNNCell
    hidden = frozenset({"seed"})  # Keras does not write it

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        return simple_rnn(sequences, *states, mask, *weights, **options)  # type: ignore[no-any-return]


class LSTM(WholeRNN):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Args:
        units: the size of the state and the output.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: whether the graph holds the cell once for each time step, in place of a loop.
        unit_forget_bias: whether the bias of the forget gate starts from 1.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

    cell_class = LSTMCell

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        return lstm(sequences, *states, mask, *weights, **options)  # type: ignore[no-any-return]


class GRU(WholeRNN):
    """Gated recurrent unit (Cho et al., 2014).

    Args:
        units: the size of the state and the output.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: whether the graph holds the cell once for each time step, in place of a loop.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

    cell_class = GRUCell

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        return gru(sequences, *states, mask, *weights, reset_after=self.cell.reset_after, **options)  # type: ignore[no-any-return]
