"""`keras.backend`, known as K: the small functions of older Keras code, in terms of `graphkeras.ops`.

`mean`, `sum` and other reductions take `axis` and `keepdims`; all functions work on symbols, variables and arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from graphkeras.compiler.types import promote

from . import ops
from . import random as random_functions
from .config import backend as backend
from .config import epsilon as epsilon
from .config import floatx as floatx
from .config import image_data_format as image_data_format
from .config import set_epsilon as set_epsilon
from .config import set_floatx as set_floatx
from .config import set_image_data_format as set_image_data_format
from .dtypes import standard_dtype as standardize_dtype
from .gradients import gradients as gradients
from .models.call_graph import CallGraph
from .naming import get_uid as get_uid
from .ops.core import is_float_dtype as is_float_dtype
from .ops.core import is_int_dtype as is_int_dtype
from .session import clear_session as clear_session
from .tensor import KerasTensor
from .tensor import is_keras_tensor as is_keras_tensor
from .tracing import StaticFunction
from .variable import Variable

# ---- variables and their numbers --------------------------------------------------------------------------------------


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable that starts from `value`."""
    made = Variable(np.asarray(value), dtype=dtype, name=name)
    made.constraint = constraint
    return made


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """An array of `value`, broadcast to `shape`."""
    array = ops.convert_to_tensor(value, dtype or floatx())
    return array if shape is None else np.broadcast_to(array, shape).copy()


def get_value(x: Any) -> Any:
    """The numbers of a variable, as an array (a number for a scalar); other things as they are.

    Raises:
        TypeError: for a symbolic tensor.
    """
    return ops.convert_to_numpy(x) if isinstance(x, (Variable, KerasTensor)) else x


def set_value(x: Variable, value: Any) -> None:
    """Replace the numbers of a variable; compiled programs see it in their next run."""
    if not isinstance(x, Variable):
        raise TypeError(f"K.set_value changes variables, got {type(x).__name__}. A learning-rate schedule cannot be set.")
    x.assign(value)


def batch_get_value(tensors: Iterable[Any]) -> list[Any]:
    """The numbers of several variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Replace the numbers of several variables, given as pairs."""
    for x, value in tuples:
        set_value(x, value)


def eval(x: Any) -> Any:
    """The numbers of a variable or array.

    Raises:
        TypeError: for a symbolic tensor.
    """
    return ops.convert_to_numpy(x)


def update(x: Variable, new_x: Any) -> Any:
    """Assign to a variable."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Add to a variable."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtract from a variable."""
    return x.assign_sub(decrement)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


def function(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor], updates: Any = None, name: str = "function") -> Any:
    """A compiled function from arrays for `inputs` to a list of arrays for `outputs`.

    Raises:
        NotImplementedError: for `updates`; assign in `train_step` or a layer's call instead.
    """
    if updates:
        raise NotImplementedError("K.function: updates are not supported. Assign to variables in train_step or a layer's call.")
    program = CallGraph(list(inputs), list(outputs))
    compiled = StaticFunction(lambda arrays: program.run(arrays), name)
    return lambda arrays: compiled([np.asarray(x, tensor.dtype) for x, tensor in zip(arrays, inputs, strict=True)])


# ---- shapes and dtypes ------------------------------------------------------------------------------------------------


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The shape; None for sizes not known before the run."""
    return tuple(size if isinstance(size, int) else None for size in ops.shape(x))


def shape(x: Any) -> Any:
    """The shape; symbolic where a size is not known before the run."""
    return ops.shape(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return int(ops.ndim(x))


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(ops.dtype(x))


def result_type(*dtypes: Any) -> str:
    """The dtype of an operation on operands of these dtypes (or of Python numbers of these types)."""
    names = [{int: "int", float: "float"}.get(each) or standardize_dtype(each) for each in dtypes] or ["float"]
    return promote(*names, float_default=floatx())


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor: symbolic or an array."""
    return bool(ops.is_tensor(x))


def cast_to_floatx(x: Any) -> Any:
    """x in the default float."""
    return ops.cast(x, floatx())


def reshape(x: Any, shape: Any) -> Any:
    """x with another shape."""
    return ops.reshape(x, shape)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """The axes in the order of `pattern`."""
    return ops.transpose(x, axes=tuple(pattern))


def transpose(x: Any) -> Any:
    """The axes in reverse order."""
    return ops.transpose(x)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """A new axis of size 1."""
    return ops.expand_dims(x, axis)


def squeeze(x: Any, axis: int) -> Any:
    """Without an axis of size 1."""
    return ops.squeeze(x, axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Tensors joined along an axis."""
    return ops.concatenate(tensors, axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors joined along a new axis."""
    return ops.stack(x, axis=axis)


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return ops.ravel(x)


def batch_flatten(x: Any) -> Any:
    """All axes but the first as one."""
    size: Any = 1
    for dim in ops.shape(x)[1:]:
        size = size * dim
    return ops.reshape(x, (ops.shape(x)[0], size))


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element `rep` times along an axis."""
    return ops.repeat(x, rep, axis=axis)


def tile(x: Any, n: Any) -> Any:
    """x repeated n times along its axes."""
    return ops.tile(x, n)


def gather(reference: Any, indices: Any) -> Any:
    """The rows of `reference` at `indices`."""
    return ops.take(reference, indices, axis=0)


# ---- new tensors ------------------------------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A variable of zeros."""
    return Variable(np.zeros(shape), dtype=dtype, name=name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
    """A variable of ones."""
    return Variable(np.ones(shape), dtype=dtype, name=name)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape of x."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape of x."""
    return ops.ones_like(x, dtype=dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """start, start + step, ... below stop."""
    return ops.arange(start, stop, step, dtype=dtype)


def random_uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers evenly distributed in [minval, maxval)."""
    return random_functions.uniform(shape, minval, maxval, dtype, seed)


def random_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers."""
    return random_functions.normal(shape, mean, stddev, dtype, seed)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers within two standard deviations of the mean."""
    return random_functions.truncated_normal(shape, mean, stddev, dtype, seed)


# ---- arithmetic -------------------------------------------------------------------------------------------------------

dot = ops.dot
square, sqrt, exp, log, abs, sign, pow = ops.square, ops.sqrt, ops.exp, ops.log, ops.abs, ops.sign, ops.power
sin, cos, round, maximum, minimum, clip = ops.sin, ops.cos, ops.round, ops.maximum, ops.minimum, ops.clip
equal, not_equal, greater, greater_equal = ops.equal, ops.not_equal, ops.greater, ops.greater_equal
less, less_equal, stop_gradient = ops.less, ops.less_equal, ops.stop_gradient
sum, mean, max, min, prod, std, var = ops.sum, ops.mean, ops.max, ops.min, ops.prod, ops.std, ops.var
any, all, logsumexp, cast = ops.any, ops.all, ops.logsumexp, ops.cast
relu, sigmoid, tanh, softplus, softsign, softmax = ops.relu, ops.sigmoid, ops.tanh, ops.softplus, ops.softsign, ops.softmax
elu, hard_sigmoid = ops.elu, ops.hard_sigmoid
categorical_crossentropy = ops.categorical_crossentropy
sparse_categorical_crossentropy = ops.sparse_categorical_crossentropy
binary_crossentropy = ops.binary_crossentropy


def argmax(x: Any, axis: int = -1) -> Any:
    """Where the greatest element is."""
    return ops.argmax(x, axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """Where the least element is."""
    return ops.argmin(x, axis=axis)


def one_hot(indices: Any, num_classes: int) -> Any:
    """A new last axis with a one at the place that `indices` says."""
    return ops.one_hot(indices, num_classes)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """x divided by its length along `axis`."""
    return ops.normalize(x, axis=axis, order=2)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """`then_expression` where `condition` holds, else `else_expression`; both may be functions without arguments."""
    then_value = then_expression() if callable(then_expression) else then_expression
    else_value = else_expression() if callable(else_expression) else else_expression
    return ops.where(condition, then_value, else_value)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """x + bias, `bias` being a vector over the channels."""
    if data_format == "channels_first" and ops.ndim(x) > 2:
        bias = ops.reshape(bias, (-1, *(1 for _ in range(ops.ndim(x) - 2))))
    return ops.add(x, bias)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zeros with probability `level`, else x / (1 - level)."""
    return random_functions.dropout(x, level, noise_shape, seed)
