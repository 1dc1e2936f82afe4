"""`KerasTensor`: what layers and ops are called on while a graph is made.

It stands for numbers that exist only when the graph runs. It always wraps a `Value` of a real graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

import numpy as np

from graphkeras.compiler.dims import Dim, DimLike
from graphkeras.compiler.graph import Value
from graphkeras.compiler.types import TensorType

from .dtypes import tensor_dtype
from .foreign_calls import OPERATIONS as OPERATIONS
from .foreign_calls import SymbolsOnly, refusal
from .removed_names import RemovedFromSymbols

#: What Python's operators on NumPy arrays call, and the operation that does the same.
_OPERATORS = {
    **{name: name for name in ("add", "subtract", "multiply", "divide", "floor_divide", "power", "matmul", "equal")},
    **{name: name for name in ("not_equal", "less", "less_equal", "greater", "greater_equal")},
    "true_divide": "divide",
    "remainder": "mod",
}


class Operators:
    """Python's operators as operations, with Keras's dtype promotion. ``==`` stays identity: use ``ops.equal``."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """``array + tensor`` is an operation; other functions of NumPy get the numbers of variables, and no symbols."""
        if method == "__call__" and not kwargs and ufunc.__name__ in _OPERATORS:
            return OPERATIONS[_OPERATORS[ufunc.__name__]](*inputs)
        if any(isinstance(x, KerasTensor) for x in inputs):
            raise TypeError(refusal("numpy", ufunc.__name__))
        return getattr(ufunc, method)(*(np.asarray(x) if isinstance(x, Operators) else x for x in inputs), **kwargs)

    def __add__(self, other: Any) -> Any:
        return OPERATIONS["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return OPERATIONS["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return OPERATIONS["subtract"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return OPERATIONS["subtract"](other, self)

    def __mul__(self, other: Any) -> Any:
        return OPERATIONS["multiply"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return OPERATIONS["multiply"](other, self)

    def __truediv__(self, other: Any) -> Any:
        return OPERATIONS["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return OPERATIONS["divide"](other, self)

    def __floordiv__(self, other: Any) -> Any:
        return OPERATIONS["floor_divide"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return OPERATIONS["floor_divide"](other, self)

    def __mod__(self, other: Any) -> Any:
        return OPERATIONS["mod"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return OPERATIONS["mod"](other, self)

    def __pow__(self, other: Any) -> Any:
        return OPERATIONS["power"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return OPERATIONS["power"](other, self)

    def __matmul__(self, other: Any) -> Any:
        return OPERATIONS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return OPERATIONS["matmul"](other, self)

    def __neg__(self) -> Any:
        return OPERATIONS["negative"](self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return OPERATIONS["absolute"](self)

    def __invert__(self) -> Any:
        return OPERATIONS["logical_not"](self)

    def __and__(self, other: Any) -> Any:
        return OPERATIONS["logical_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return OPERATIONS["logical_or"](self, other)

    def __xor__(self, other: Any) -> Any:
        return OPERATIONS["logical_xor"](self, other)

    def __lt__(self, other: Any) -> Any:
        return OPERATIONS["less"](self, other)

    def __le__(self, other: Any) -> Any:
        return OPERATIONS["less_equal"](self, other)

    def __gt__(self, other: Any) -> Any:
        return OPERATIONS["greater"](self, other)

    def __ge__(self, other: Any) -> Any:
        return OPERATIONS["greater_equal"](self, other)

    def __getitem__(self, key: Any) -> Any:
        return OPERATIONS["get_item"](self, key)


class KerasTensor(SymbolsOnly, RemovedFromSymbols, Operators):
    """A symbolic tensor.

    Args:
        shape: its sizes; None for a size that is not known before the run.
        dtype: its dtype; None for the default float.
        sparse, ragged: False; there are dense tensors only.
        record_history: True; which layer or op made a tensor is always recorded.
        name: a name for printing.

    Raises:
        NotImplementedError: for sparse or ragged tensors, or record_history=False.

    Attributes:
        value: the graph value that it stands for.
        history: the recorded layer or op call that made it, for functional models; None inside layers and traces.
    """

    value: Value
    history: History | None

    def __init__(
        self,
        shape: Sequence[int | None],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        if sparse or ragged or not record_history:
            raise NotImplementedError(
                f"KerasTensor: tensors are dense and their history is recorded, got sparse={sparse}, ragged={ragged}, "
                f"record_history={record_history}. Leave them out."
            )
        self.value = Value(TensorType(symbolic_shape(shape, name or "tensor"), tensor_dtype(dtype)), name or "")
        self.history = None

    @classmethod
    def of(cls, value: Value, history: History | None = None) -> KerasTensor:
        """The tensor that stands for a graph value."""
        tensor = cls.__new__(cls)
        tensor.value, tensor.history = value, history
        return tensor

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Sizes; None where a size is known only when the graph runs (`ops.shape` gives it as a symbolic dimension)."""
        return tuple(None if isinstance(dim, Dim) else dim for dim in self.value.type.shape)

    @property
    def dtype(self) -> str:
        return self.value.type.dtype

    @property
    def ndim(self) -> int:
        return self.value.type.ndim

    @property
    def name(self) -> str:
        return self.value.name

    @property
    def T(self) -> Any:
        return OPERATIONS["transpose"](self)

    def reshape(self, *shape: Any) -> Any:
        return OPERATIONS["reshape"](self, shape[0] if len(shape) == 1 and isinstance(shape[0], (list, tuple)) else shape)

    def squeeze(self, axis: Any = None) -> Any:
        return OPERATIONS["squeeze"](self, axis)

    def __ne__(self, other: object) -> Any:
        return OPERATIONS["not_equal"](self, other)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __len__(self) -> int:
        size = self.value.type.shape[0] if self.ndim else None
        if not isinstance(size, int):
            raise TypeError(f"len() of {self!r}: the size of its first axis is not known before the run.")
        return size

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} has no truth value: it is symbolic, its numbers exist only when the model runs. "
            "A Python `if` cannot depend on them; use ops.where(condition, a, b)."
        )

    def __float__(self) -> NoReturn:
        raise TypeError(f"{self!r} is symbolic and has no number yet. Use ops.cast(x, 'float32') to convert its dtype.")

    def __int__(self) -> NoReturn:
        raise TypeError(f"{self!r} is symbolic and has no number yet. Use ops.cast(x, 'int32') to convert its dtype.")

    def __repr__(self) -> str:
        name = f", name={self.name}" if self.name else ""
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}{name}>"


@dataclass(eq=False, repr=False)
class Call:
    """One call of a layer or of an operation outside of any layer: what a functional model is made of.

    Attributes:
        operation: the layer or `RecordedOperation` that was called; it has a name.
        args, kwargs: its arguments, with KerasTensors inside.
        outputs: the tensors that it returned, flattened.
        structure: what it returned.
        source: the user's file:line.
        index: how many calls of the same operation came before.
    """

    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[KerasTensor, ...] = ()
    structure: Any = None
    source: str = ""
    index: int = 0
    inputs: tuple[KerasTensor, ...] = field(default=())


class History(NamedTuple):
    """Where a tensor comes from: a call, and which of its outputs it is."""

    call: Call
    tensor_index: int

    @property
    def operation(self) -> Any:
        return self.call.operation

    @property
    def node_index(self) -> int:
        return self.call.index


def symbolic_shape(shape: Sequence[int | None], name: str) -> tuple[DimLike, ...]:
    """A shape with a symbol for each None: ``batch`` for the first axis, ``<name>_axis_<k>`` for others."""
    stem = "".join(char if char.isalnum() else "_" for char in name)
    stem = stem if stem[:1].isalpha() else f"_{stem}"
    return tuple(
        dim if isinstance(dim, Dim) else Dim.symbol(f"{stem}_axis_{k}" if k else "batch") if dim is None else int(dim)
        for k, dim in enumerate(shape)
    )


def is_keras_tensor(x: Any) -> bool:
    """Whether x is a symbolic tensor."""
    return isinstance(x, KerasTensor)
