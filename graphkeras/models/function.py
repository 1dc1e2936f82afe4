"""`keras.Function`: the calls that lead from some symbolic tensors to others, as a function without variables of its own."""

from __future__ import annotations

from typing import Any

from .. import tree
from ..base_operation import Operation
from ..ops.core import shape as shape_of
from ..tensor import KerasTensor
from .call_graph import CallGraph


class Function(Operation):
    """What computes `outputs` from `inputs`; called on other tensors or arrays, all calls in between are made again.

    Args:
        inputs: a symbolic tensor, or a structure of them.
        outputs: a symbolic tensor, or a structure of them that depends on `inputs` only.
        name: a name; ``function`` with a number by default.

    Attributes:
        inputs, outputs: lists of the symbolic tensors.
        operations: the layers and op nodes in between.

    Raises:
        ValueError: for something else than symbolic tensors, an output that depends on other inputs, or a call whose
            inputs differ in number or rank.

    Example:

    ```python
    a, b = keras.KerasTensor((None, 3)), keras.KerasTensor((None, 3))
    f = keras.Function([a, b], keras.ops.sigmoid(a + b))
    f([np.ones((2, 3)), np.ones((2, 3))])
    ```
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name)
        self._graph = CallGraph(inputs, outputs)

    @property
    def operations(self) -> list[Any]:
        return list(self._graph.operations)

    @property
    def inputs(self) -> list[KerasTensor]:
        return list(self._graph.flat_inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        return list(self._graph.flat_outputs)

    def call(self, inputs: Any) -> Any:
        """The outputs for other inputs, in the structure of those that the function was made of."""
        given = tree.flatten(inputs)
        expected = self._graph.flat_inputs
        if len(given) != len(expected):
            raise ValueError(f"Function {self.name!r} takes {len(expected)} inputs, got {len(given)}.")
        for number, (one, wanted) in enumerate(zip(given, expected)):
            shape = shape_of(one)
            fits = len(shape) == len(wanted.shape)
            if not fits or any(isinstance(a, int) and b is not None and a != b for a, b in zip(shape, wanted.shape)):
                raise ValueError(
                    f"Function {self.name!r}: input {number} must have shape {wanted.shape}, got {tuple(map(_shown, shape))}."
                )
        return self._graph.run(given)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of the outputs for inputs of these shapes; None for sizes not known before the run."""
        dtypes = iter([tensor.dtype for tensor in self._graph.flat_inputs])
        placed = tree.map_shape_structure(lambda shape: KerasTensor(shape, next(dtypes)), input_shape)
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(placed))

    def get_config(self) -> dict[str, Any]:
        """A function has no config: it is made of tensors. Save a `Model` of the same inputs and outputs."""
        raise NotImplementedError(
            f"Function {self.name!r} cannot be saved: save keras.Model(inputs, outputs) of the same tensors instead."
        )


def _shown(size: Any) -> Any:
    return size if isinstance(size, int) else None
