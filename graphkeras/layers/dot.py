"""`Dot`: the dot product of two tensors along an axis of each."""

from __future__ import annotations

import string
from typing import Any

from .. import ops
from .input_spec import title
from .layer import Layer


class Dot(Layer):
    """The dot product, sample by sample, of two tensors along one axis of each; the other axes of both remain, in order.

    Args:
        axes: the axis of both, or a pair of axes; not the batch's.
        normalize: whether to divide by the lengths along these axes first, which gives the cosine.

    Raises:
        TypeError, ValueError: for other axes, and sizes that differ.
    """

    supports_masking = True

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, (int, list, tuple)):
            raise TypeError(f"{title(self)}: axes must be an integer or two, got {axes!r}.")
        if not isinstance(axes, int) and (len(axes) != 2 or not all(isinstance(axis, int) for axis in axes)):
            raise ValueError(f"{title(self)}: axes must be an integer or two, got {axes!r}.")
        self.axes, self.normalize = axes, normalize

    def _axes_for(self, shapes: Any) -> tuple[int, int]:
        if (
            not isinstance(shapes, (list, tuple))
            or len(shapes) != 2
            or not all(isinstance(shape, (list, tuple)) for shape in shapes)
        ):
            raise ValueError(f"{title(self)} is called on a list of two tensors, got shape {shapes}.")
        pair = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        for axis, shape in zip(pair, shapes):
            if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ValueError(f"{title(self)}: axis {axis} is the batch's or none of an input of shape {tuple(shape)}.")
        first, second = (axis % len(shape) for axis, shape in zip(pair, shapes))
        if shapes[0][first] != shapes[1][second]:
            raise ValueError(
                f"{title(self)}: axis {first} of {tuple(shapes[0])} and axis {second} of {tuple(shapes[1])} differ in size."
            )
        return first, second

    def build(self, input_shape: Any) -> None:
        self._axes_for(input_shape)

    def call(self, inputs: Any) -> Any:
        x, y = inputs
        first, second = self._axes_for([tuple(x.shape), tuple(y.shape)])
        if self.normalize:
            x, y = ops.normalize(x, axis=first), ops.normalize(y, axis=second)
        of_x = string.ascii_lowercase[: ops.ndim(x)]
        of_y = list(string.ascii_uppercase[: ops.ndim(y)])
        of_y[0], of_y[second] = of_x[0], of_x[first]
        kept = [letter for k, letter in enumerate(of_x) if k != first]
        kept += [letter for k, letter in enumerate(of_y) if k not in (0, second)]
        result = ops.einsum(f"{of_x},{''.join(of_y)}->{''.join(kept)}", x, y)
        return ops.expand_dims(result, -1) if len(kept) == 1 else result

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the masked axes may be gone."""
        return None

    def get_config(self) -> dict[str, Any]:
        axes = self.axes if isinstance(self.axes, int) else list(self.axes)
        return {**super().get_config(), "axes": axes, "normalize": self.normalize}


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The result of a `Dot` layer."""
    return Dot(axes=axes, **kwargs)(inputs)
