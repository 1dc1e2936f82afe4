"""`graphkeras.gradients`: derivatives as symbols, usable in any model and exported with it."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler import autodiff
from graphkeras.compiler.graph import Value

from . import tree
from .operation import operation


@operation
def gradients(outputs: Any, inputs: Any, grad_outputs: Any = None) -> Any:
    """The derivative of the sum of `outputs` with respect to each of `inputs`.

    The result can be differentiated again.

    Args:
        outputs: a float tensor or a nested structure of them.
        inputs: a tensor or variable, or a nested structure of them, that `outputs` were computed from.
        grad_outputs: weights of the elements of `outputs` in the sum, in their structure and shapes; ones by default.

    Returns:
        The structure of `inputs`, with a tensor of its shape for each, or None where no output depends on it.

    Raises:
        TypeError: for NumPy arrays: an array does not remember how it was computed.
        NotImplementedError: when an operation on the way has no derivative; names it.

    Example:

    ```python
    x = keras.Input((3,))
    y = keras.ops.sum(keras.ops.square(x))
    model = keras.Model(x, keras.gradients(y, x))   # computes 2 x
    ```
    """
    for given, name in ((outputs, "outputs"), (inputs, "inputs")):
        for leaf in tree.flatten(given):
            if not isinstance(leaf, Value):
                raise TypeError(
                    f"gradients: {name} must be symbolic, got {type(leaf).__name__}: an array does not remember how it was "
                    "computed. Call it inside train_step, a layer's call, or on tensors made from keras.Input."
                )
    seeds = None if grad_outputs is None else tree.flatten(grad_outputs)
    found = autodiff.gradients(tree.flatten(outputs), tree.flatten(inputs), seeds)
    return tree.pack_sequence_as(inputs, found)
