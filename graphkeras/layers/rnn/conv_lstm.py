"""`ConvLSTM1D`, `ConvLSTM2D`, `ConvLSTM3D`: an LSTM whose inputs and states are sequences, images or volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from ... import ops
from ...arguments import passed
from ..convolution.windows import Sizes, set_windows, window_count
from ..input_spec import InputSpec, title
from ..own_arguments import check_positive
from .cells import RecurrentCell, long_short_term
from .own_cell import OwnCellRNN


class ConvLSTMCell(RecurrentCell):
    """One step of `ConvLSTM2D` and its kin: an `LSTMCell` with convolutions in place of matrix products.

    Args:
        rank: the number of spatial axes, 1 to 3.

    The inputs' convolution is as `strides`, `padding` and `dilation_rate` say; the state's has windows side by side and
    keeps its sizes. With dropout each gate has masks of its own, as in Keras.

    Raises:
        ValueError: for a spatial axis or a number of channels that is not known.
    """

    gates = 4
    rank: int
    filters: int
    kernel_size: Sizes
    strides: Sizes
    dilation_rate: Sizes
    padding: str
    data_format: str

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        super().__init__(**{"implementation": 1, **passed(locals())})
        check_positive(self, filters=filters)
        set_windows(self, rank)
        self.input_spec = InputSpec(ndim=rank + 2)
        self.state_size = [filters, filters]

    @property
    def gate_axis(self) -> int:  # type: ignore[override]
        return -1 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Any) -> None:
        if None in input_shape[1:]:
            raise ValueError(
                f"{title(self)}: its images and channels must have known sizes, got shape {tuple(input_shape)}. Give Input a "
                f"shape without None but for the time."
            )
        channels = input_shape[self.gate_axis]
        self.kernel = self.weight("kernel", (*self.kernel_size, channels, 4 * self.filters))
        recurrent_shape = (*self.kernel_size, self.filters, 4 * self.filters)
        self.recurrent_kernel = self.weight("recurrent", recurrent_shape, "recurrent_kernel")
        bias = self.bias_with_open_forget_gate(self.filters)
        self.bias = self.weight("bias", (4 * self.filters,), initializer=bias) if self.use_bias else None
        self._state_shape = self.result_shape(input_shape)[1:]

    def result_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output and of both states, for inputs of that shape (batch, ...)."""
        last = self.data_format == "channels_last"
        spatial = input_shape[1:-1] if last else input_shape[2:]
        sizes = [None if n is None else window_count(self, axis, n) for axis, n in enumerate(spatial)]
        return (input_shape[0], *sizes, self.filters) if last else (input_shape[0], self.filters, *sizes)

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros for both states; the layer must be built."""
        return [ops.zeros((batch_size, *self._state_shape), dtype=self.compute_dtype) for _ in range(2)]

    def product(self, name: str, x: Any, kernel: Any) -> Any:
        if name == "state":
            return ops.conv(x, kernel, padding="same", data_format=self.data_format)
        return ops.conv(x, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        x = self.for_gates("inputs", inputs, self.kernel, 4)
        z = ops.add(x, self.for_gates("state", states[0], self.recurrent_kernel, 4))
        if self.bias is not None:
            behind = () if self.data_format == "channels_last" else (1,) * self.rank
            z = ops.add(z, ops.reshape(self.bias, (4 * self.filters, *behind)))
        return long_short_term(self, z, states[1], axis=self.gate_axis)


class ConvLSTM(OwnCellRNN):
    """A convolutional LSTM (Shi et al. 2015), with the rank of a subclass."""

    cell_class = ConvLSTMCell
    hidden = frozenset({"rank"})
    rank: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        **kwargs: Any,
    ) -> None:
        super().__init__(rank=self.rank, **passed(locals()))
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        state = self.cell.result_shape((sequences_shape[0], *sequences_shape[2:]))
        output = (state[0], sequences_shape[1], *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output


class ConvLSTM1D(ConvLSTM):
    """A convolutional LSTM over a sequence of sequences.

    Args:
        filters: the channels of the states and the output.
        kernel_size: the sizes of a window.
        strides, padding, data_format, dilation_rate: of the inputs' convolution, as in `Conv1D`.
        activation, recurrent_activation: of the candidate and the output, of the gates.
        unit_forget_bias: whether the bias of the forget gate starts from 1.
        dropout, recurrent_dropout: how much of the inputs, of the state is dropped in training; the same at all time steps.
        return_sequences: whether to return the outputs of all time steps in place of the last.
        return_state: whether to return the last two states, too.
        go_backwards: from the last time step to the first; outputs come in that order.
        stateful: whether the next call starts from the last states of this one. The batch needs a known size.

    Input shape: ``(batch, time, steps, channels)``. Output shape: ``(batch, new_steps, filters)``, with the time behind the
    batch for return_sequences=True.
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """A convolutional LSTM over a sequence of images, such as frames of a film; arguments as in `ConvLSTM1D`.

    Input shape: ``(batch, time, height, width, channels)``. Output shape: ``(batch, new_height, new_width, filters)``.
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """A convolutional LSTM over a sequence of volumes; arguments as in `ConvLSTM1D`.

    Input shape: ``(batch, time, depth, height, width, channels)``.
    """

    rank = 3
