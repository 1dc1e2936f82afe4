"""What Batch-, Layer- and GroupNormalization share: a scale gamma and an offset beta, and float32 at least."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.types import promote

from .. import ops
from ..dtypes import standard_dtype
from .input_spec import title
from .own_arguments import OwnArguments


class ScaledNormalization(OwnArguments):
    """gamma * normalized + beta; computed in float32 at least, whatever the dtype of the inputs is.

    Arguments of all of them:
        axis: the axis (or axes) that gamma and beta go along.
        epsilon: what is added to variances.
        center, scale: whether there is a beta, a gamma.
        beta_initializer, gamma_initializer: where they start.
        beta_regularizer, gamma_regularizer: losses that training adds.
        beta_constraint, gamma_constraint: what the optimizer applies after each update.
    """

    supports_masking = True

    axis: Any
    epsilon: float
    center: bool
    scale: bool

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.autocast = False
        self.gamma: Any = None
        self.beta: Any = None

    def build_scale(self, input_shape: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
        """Make gamma and beta for these axes; returns their shape.

        Raises:
            ValueError: if one of the axes has no known size.
        """
        shape = tuple(input_shape[axis] for axis in axes)
        if None in shape:
            raise ValueError(f"{title(self)}: axis {self.axis} of its input must have a known size, got shape {input_shape}.")
        if self.scale:
            self.gamma = self.weight("gamma", shape, autocast=False)
        if self.center:
            self.beta = self.weight("beta", shape, autocast=False)
        return shape

    def at_least_float32(self, inputs: Any) -> Any:
        return ops.cast(inputs, promote(standard_dtype(inputs.dtype), "float32"))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
