"""`keras.activations`: functions that layers apply to their results."""

from __future__ import annotations

import inspect
from typing import Any

from . import ops
from .call_context import current_call
from .identifiers import resolve
from .saving.object_registration import custom_object_scope
from .saving.serialization import serialize_keras_object
from .tensor import KerasTensor


def linear(x: Any) -> Any:
    """x."""
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """max(x, 0); or x above `threshold`, at most `max_value`, and negative_slope * (x - threshold) below."""
    if negative_slope == 0.0 and threshold == 0.0:
        return ops.relu(x) if max_value is None else ops.clip(x, 0.0, max_value)
    above = x if max_value is None else ops.minimum(x, max_value)
    return ops.where(ops.greater(x, threshold), above, negative_slope * (x - threshold))


def relu6(x: Any) -> Any:
    """x limited to [0, 6]."""
    return ops.relu6(x)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x > 0, else negative_slope * x."""
    return ops.leaky_relu(x, negative_slope)


def softmax(x: Any, axis: int = -1) -> Any:
    """e**x divided by its sum along `axis`."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """The logarithm of `softmax`."""
    return ops.log_softmax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**x - 1)."""
    return ops.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha * (e**(x / alpha) - 1)."""
    return ops.celu(x, alpha=alpha)


def selu(x: Any) -> Any:
    """The exponential unit that keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    return ops.selu(x)


def softplus(x: Any) -> Any:
    """log(1 + e**x)."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return ops.softsign(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the probability that a standard normal number is below x; by tanh if `approximate`, else by erf."""
    return ops.gelu(x, approximate=approximate)


def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return ops.silu(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return ops.tanh(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x)."""
    return ops.sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    """The logarithm of `sigmoid`."""
    return ops.log_sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """x / 6 + 1 / 2 limited to [0, 1]."""
    return ops.hard_sigmoid(x)


def hard_silu(x: Any) -> Any:
    """x * hard_sigmoid(x)."""
    return ops.hard_silu(x)


def exponential(x: Any) -> Any:
    """e**x."""
    return ops.exp(x)


def mish(x: Any) -> Any:
    """x * tanh(softplus(x))."""
    if current_call() is None and isinstance(x, KerasTensor):  # a functional model records operations that Keras's files know
        return x * ops.tanh(ops.softplus(x))
    return ops.activation.mish(x)


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of x along `axis`, times the sigmoid of the second half."""
    return ops.glu(x, axis=axis)


def squareplus(x: Any, b: float = 4) -> Any:
    """(x + sqrt(x**2 + b)) / 2."""
    return ops.squareplus(x, b=b)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by `threshold`, and 0 where it is nearer than that."""
    return ops.soft_shrink(x, threshold)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0."""
    return ops.hard_shrink(x, threshold)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else default_value."""
    return ops.threshold(x, threshold, default_value)


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    return ops.tanh_shrink(x)


def hard_tanh(x: Any) -> Any:
    """x limited to [-1, 1]."""
    return ops.hard_tanh(x)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, (x + 1)**2 / 4 up to 1, x from there on."""
    return ops.sparse_plus(x)


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2 limited to [0, 1]."""
    return ops.sparse_sigmoid(x)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """A distribution along `axis` with zeros, see `ops.sparsemax`."""
    return ops.sparsemax(x, axis=axis)


_FUNCTIONS: dict[str, Any] = {
    name: function for name, function in vars().items() if inspect.isfunction(function) and function.__module__ == __name__
}
swish, hard_swish = silu, hard_silu
_TABLE = {**_FUNCTIONS, "swish": silu, "hard_swish": hard_silu}


def get(identifier: Any) -> Any:
    """An activation from a name, a config, a layer or a function; None means `linear`.

    Raises:
        ValueError: for an unknown name; lists the near matches.
    """
    return linear if identifier is None else resolve("activation", identifier, _TABLE)


def serialize(activation: Any) -> Any:
    """The activation's name if it is one of ours, else JSON-ready data."""
    name = getattr(activation, "__name__", None)
    return name if name is not None and _FUNCTIONS.get(name) is activation else serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation that `serialize` wrote."""
    with custom_object_scope(custom_objects or {}):
        return get(config)
