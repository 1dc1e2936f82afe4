"""Layers that normalize each sample by itself: `GroupNormalization`, `RMSNormalization`, `UnitNormalization`."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.registry import ops as graph_ops
from graphkeras.compiler.types import normalize_axis

from .. import ops
from ..arguments import passed
from ..operation import operation
from .input_spec import InputSpec, title
from .own_arguments import OwnArguments
from .scaled_normalization import ScaledNormalization


@operation
def group_normalization(x: Any, scale: Any, offset: Any, axis: int, groups: int, epsilon: float) -> Any:
    """x normalized in each sample over all axes but `axis` and over each of `groups` parts of it; times scale, plus offset."""
    return graph_ops.group_normalization(x, scale, offset, axis=axis, groups=groups, epsilon=epsilon)


class GroupNormalization(ScaledNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each group of channels of each sample (Wu & He 2018).

    Args:
        groups: how many groups; a divisor of the number of channels, or -1 for one group for each channel.
        axis: the axis of the channels.

    Raises:
        ValueError: for a number of groups that is neither positive nor -1, or that does not divide the number of channels.
    """

    groups: int

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**passed(locals()))
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(f"{title(self)}: groups must be a positive integer, or -1 for one a channel, got {groups!r}.")

    def build(self, input_shape: Any) -> None:
        (size,) = self.build_scale(input_shape, (self.axis,))
        if self.groups == -1:
            self.groups = size
        if size % self.groups:
            raise ValueError(
                f"{title(self)}: the number of channels must be a multiple of the number of groups, got {size} channels and "
                f"{self.groups} groups."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs: Any) -> Any:
        x = self.at_least_float32(inputs)
        axis = normalize_axis(self.axis, ops.ndim(x))
        size = x.shape[axis]
        scale = ops.ones((size,), x.dtype) if self.gamma is None else ops.cast(self.gamma, x.dtype)
        offset = ops.zeros((size,), x.dtype) if self.beta is None else ops.cast(self.beta, x.dtype)
        outputs = group_normalization(x, scale, offset, axis=axis, groups=self.groups, epsilon=self.epsilon)
        return ops.cast(outputs, self.compute_dtype)


class RMSNormalization(OwnArguments):
    """scale * x / sqrt(mean of x**2 + epsilon), the mean being that of each sample along `axis` (Zhang & Sennrich 2019).

    Args:
        axis: an axis or several.
    """

    epsilon: float

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        self.axis = sorted(axis) if isinstance(axis, (list, tuple)) else [axis]

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape[axis] for axis in self.axis)
        if None in shape:
            raise ValueError(f"{title(self)}: axis {self.axis} of its input must have known sizes, got shape {input_shape}.")
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return ops.rms_normalization(inputs, scale=self.scale, axis=self.axis, epsilon=self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class UnitNormalization(OwnArguments):
    """x divided by its length, the root of the sum of its squares along `axis`.

    Args:
        axis: an axis or several.

    Raises:
        TypeError: for an axis that is neither an integer nor a list of them.
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**passed(locals()))
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"{title(self)}: axis must be an integer or a list of them, got {axis!r}.")
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis

    def call(self, inputs: Any) -> Any:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape
