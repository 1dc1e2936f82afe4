"""What an op's ONNX rule may use. The ONNX lowering implements it; ops see only this protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .dims import DimLike, Shape
from .types import TensorType

if TYPE_CHECKING:
    from .graph import Graph, Value


class Emitter(Protocol):
    """Adds ONNX nodes to the model being written. Names of ONNX values are strings."""

    #: The opset that is written.
    opset: int

    def __call__(self, op_type: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Emit one ONNX node; "" as an input leaves an optional input out, an array as an attribute becomes a tensor.

        Returns:
            The name of its result, or a tuple of names if `outputs` > 1.
        """
        ...

    def constant(self, value: np.ndarray[Any, Any] | np.generic) -> str:
        """The name of an initializer with this value; equal constants share one."""
        ...

    def known(self, name: str) -> np.ndarray[Any, Any] | None:
        """The numbers of a constant or of a variable that is stored in the model; None for what is computed or fed."""
        ...

    def cast(self, name: str, dtype: str) -> str:
        """`name` converted to the dtype of that name."""
        ...

    def dimension(self, dim: DimLike) -> str:
        """A scalar int64 with the size of `dim`: an initializer, or computed from the inputs' shapes at run time."""
        ...

    def shape(self, shape: Shape) -> str:
        """A 1-D int64 with the sizes of `shape`."""
        ...

    def inline(self, body: Graph, inputs: Sequence[str]) -> list[str]:
        """Emit a body's nodes here, on these operands; returns the names of its results."""
        ...

    def subgraph(self, name: str, inputs: Sequence[Value], compute: Callable[[list[str]], Sequence[str]]) -> Any:
        """An ONNX graph for an attribute, with inputs of the types of `inputs`. `compute` gets their names, emits the nodes and
        returns the names of the results; it may read everything that has been emitted outside."""
        ...

    def type_of(self, name: str) -> TensorType:
        """The type of an operand's or result's name given to a rule."""
        ...
