"""`SimpleRNN`, `LSTM` and `GRU`: each one op of the graph when its options allow it, else its cell in a loop."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import ops, regularizers
from ...ops.recurrent import activation_name, gru, lstm, simple_rnn
from ..input_spec import InputSpec, title
from .cells import GRUCell, LSTMCell, SimpleRNNCell, cell_config
from .recurrent import RNN


class WholeRNN(RNN):
    """A recurrent layer with a cell of its own, whose arguments are the layer's."""

    cell: Any
    #: Arguments of the cell besides those that all cells have.
    _more: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        cell: Any,
        cell_arguments: dict[str, Any],
        loop: dict[str, Any],
        activity_regularizer: Any,
        kwargs: dict[str, Any],
    ) -> None:
        shared = {"dtype": kwargs.get("dtype"), "trainable": kwargs.get("trainable", True)}
        cell_arguments["implementation"] = kwargs.pop("implementation", 2)
        self.use_cudnn = kwargs.pop("use_cudnn", "auto")
        if self.use_cudnn not in ("auto", True, False):
            raise ValueError(f"{title(self)}: use_cudnn must be 'auto', True or False, got {self.use_cudnn!r}.")
        name = cell.__name__.removesuffix("Cell").lower().replace("simplernn", "simple_rnn") + "_cell"
        super().__init__(
            cell(**cell_arguments, **shared, name=name), **loop, activity_regularizer=activity_regularizer, **kwargs
        )
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name: str) -> Any:
        """Arguments of the cell: `units`, `activation`, `kernel_initializer`, ..."""
        cell = self.__dict__.get("cell")
        if cell is not None and (name in _OF_THE_CELL or name in self._more):
            return getattr(cell, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> tuple[Any, Any, Any]:
        cell = self.cell
        names = [activation_name(getattr(cell, name)) for name in cell.activation_names]
        if None in names or "state" in cell._masks:
            return super().inner_loop(sequences, initial_state, mask, training)
        if "inputs" in cell._masks:
            sequences = ops.multiply(sequences, ops.expand_dims(cell._masks["inputs"], 1))
        weights = (cell.kernel, cell.recurrent_kernel, cell.bias)
        options = {
            **dict(zip(cell.activation_names, names)),
            "go_backwards": self.go_backwards,
            "zero_output_for_mask": self.zero_output_for_mask,
        }
        return self._whole(sequences, initial_state, mask, weights, options)

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["cell"]
        more = {name: getattr(self.cell, name) for name in self._more}
        activity = {"activity_regularizer": regularizers.serialize(self.activity_regularizer)}
        return {**config, **activity, **cell_config(self.cell), **more}


_OF_THE_CELL = frozenset(
    {"units", "use_bias", "activation", "recurrent_activation", "dropout", "recurrent_dropout", "seed"}
    | {f"{part}_{kind}" for part in ("kernel", "recurrent", "bias") for kind in ("initializer", "regularizer", "constraint")}
)


class SimpleRNN(WholeRNN):
    """h = activation(x @ kernel + bias + h @ recurrent_kernel) at every time step.

    Args:
        units: the size of the state and the output.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: accepted; the compiler decides how loops run.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

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
        seed: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        cell_arguments = {
            "units": units,
            "activation": activation,
            "use_bias": use_bias,
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "seed": seed,
        }
        loop = {
            "return_sequences": return_sequences,
            "return_state": return_state,
            "go_backwards": go_backwards,
            "stateful": stateful,
            "unroll": unroll,
        }
        super().__init__(SimpleRNNCell, cell_arguments, loop, activity_regularizer, kwargs)

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        return simple_rnn(sequences, *states, mask, *weights, **options)  # type: ignore[no-any-return]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["seed"]  # Keras does not write it
        return config


class LSTM(WholeRNN):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Args:
        units: the size of the state and the output.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.
        unroll: accepted; the compiler decides how loops run.
        unit_forget_bias: whether the bias of the forget gate starts from 1.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

    _more = ("unit_forget_bias",)

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
        cell_arguments = {
            "units": units,
            "activation": activation,
            "recurrent_activation": recurrent_activation,
            "use_bias": use_bias,
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "unit_forget_bias": unit_forget_bias,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "seed": seed,
        }
        loop = {
            "return_sequences": return_sequences,
            "return_state": return_state,
            "go_backwards": go_backwards,
            "stateful": stateful,
            "unroll": unroll,
        }
        kwargs["use_cudnn"] = use_cudnn
        super().__init__(LSTMCell, cell_arguments, loop, activity_regularizer, kwargs)

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
        unroll: accepted; the compiler decides how loops run.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.

    Call it with `initial_state=` (a list of states) and `mask=` (booleans (batch, time)).

    Input shape: ``(batch, time, features)``.
    """

    _more = ("reset_after",)

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
        cell_arguments = {
            "units": units,
            "activation": activation,
            "recurrent_activation": recurrent_activation,
            "use_bias": use_bias,
            "kernel_initializer": kernel_initializer,
            "recurrent_initializer": recurrent_initializer,
            "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer,
            "recurrent_regularizer": recurrent_regularizer,
            "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint,
            "recurrent_constraint": recurrent_constraint,
            "bias_constraint": bias_constraint,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
            "seed": seed,
            "reset_after": reset_after,
        }
        loop = {
            "return_sequences": return_sequences,
            "return_state": return_state,
            "go_backwards": go_backwards,
            "stateful": stateful,
            "unroll": unroll,
        }
        kwargs["use_cudnn"] = use_cudnn
        super().__init__(GRUCell, cell_arguments, loop, activity_regularizer, kwargs)

    def _whole(self, sequences: Any, states: Any, mask: Any, weights: Any, options: dict[str, Any]) -> tuple[Any, Any, Any]:
        return gru(sequences, *states, mask, *weights, reset_after=self.cell.reset_after, **options)  # type: ignore[no-any-return]
