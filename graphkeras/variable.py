"""`Variable`: numbers that a model keeps: weights, moving averages, optimizer slots, seeds, counters.

A variable owns one leaf `Value`, shared by all graphs that read it, and its memory on the target that runs them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graphkeras.compiler import driver, provenance
from graphkeras.compiler.executables.base import StateCell
from graphkeras.compiler.graph import Value
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType, numpy_dtype, shape_text

from . import initializers, stateless
from .dtypes import standard_dtype
from .loading import need_random_numbers
from .naming import auto_name
from .tensor import KerasTensor, Operators
from .trace import Trace, current_trace, eager


class Variable(Operators):
    """Numbers that persist from run to run.

    Args:
        initializer: an array or number, or a function of (shape, dtype) that gives one, or its name such as "zeros".
        shape: needed with a function or name.
        dtype: the array's own by default (doubles become the default float), else the default float.
        trainable: whether optimizers change it.
        name: a name without slashes; the path of the layer that makes it is put before it.
        layout: None; how Keras spreads variables over several devices, which is not supported.

    Attributes:
        path: name with the layers around it, such as ``block/dense/kernel``.
        symbol: the graph value that stands for it in every graph.
        regularizer: a function from the variable to a loss that training adds, or None.
        constraint: a function that the optimizer applies after each update, or None.

    Raises:
        ValueError: for a shape that is missing or does not fit.
        NotImplementedError: for a layout.
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
    ) -> None:
        if layout is not None:
            raise NotImplementedError(f"Variable: every variable is on one device, layout must be None, got {layout!r}.")
        self.name = name or auto_name("variable")
        if "/" in self.name:
            raise ValueError(f"A variable's name must not hold '/', got {self.name!r}: the layers around it make its path.")
        scope = provenance.current_scope()
        self.path = f"{scope}/{self.name}" if scope else self.name
        self.trainable, self.autocast, self.aggregation = trainable, autocast, aggregation
        self.regularizer: Any = None
        self.constraint: Any = None
        with eager():
            array = _initial(initializer, shape, dtype, self.path)
        self.symbol = Value(TensorType(tuple(array.shape), array.dtype.name), self.path)
        self._array: np.ndarray[Any, Any] | None = array  # the numbers as long as they have no cell
        self._cell: StateCell | None = None
        self._target = ""

    # ---- what it is ---------------------------------------------------------------------------------------------------

    @property
    def type(self) -> TensorType:
        return self.symbol.type

    @property
    def shape(self) -> tuple[int, ...]:
        return self.symbol.type.shape  # type: ignore[return-value]

    @property
    def dtype(self) -> str:
        return self.symbol.type.dtype

    @property
    def ndim(self) -> int:
        return self.symbol.type.ndim

    @property
    def size(self) -> int:
        return int(self.symbol.type.size)

    @property
    def nbytes(self) -> int:
        return int(self.symbol.type.nbytes)

    # ---- its numbers --------------------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """Inside a trace the current symbolic value, else the numbers."""
        trace, scope = current_trace(), stateless.current_scope()
        if trace is not None:
            return KerasTensor.of(trace.read(self))
        held = None if scope is None else scope.get_current_value(self)
        return self.numpy() if held is None else held

    def numpy(self) -> np.ndarray[Any, Any]:
        """A copy of the numbers as of the last finished step; inside a `StatelessScope` those that they have there."""
        scope = stateless.current_scope()
        held = None if scope is None else scope.get_current_value(self)
        if held is not None:
            return np.array(held)
        return self._cell.read() if self._cell is not None else self._array.copy()  # type: ignore[union-attr]

    def assign(self, value: Any) -> Any:
        """Replace the numbers. Inside a trace: every run of the traced program will, and later reads see the new value.

        Returns:
            The new value.

        Raises:
            ValueError: for another shape.
        """
        trace, scope = current_trace(), stateless.current_scope()
        if trace is None:
            if scope is None:
                self._write(value)
            else:
                scope.add_update((self, value))
            return self.value
        new = _as_value(value, self.type)
        self._require_shape(new.type.shape)
        trace.assign(self, new)
        return KerasTensor.of(new)

    def assign_add(self, value: Any) -> Any:
        """Add to the numbers."""
        return self.assign(self + value)

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the numbers."""
        return self.assign(self - value)

    def checked(self, value: Any) -> Any:
        """`value` as an array of this variable's dtype, a copy; a symbolic tensor as it is.

        Raises:
            ValueError: for another shape.
        """
        if isinstance(value, Variable):
            value = value.value
        if isinstance(value, KerasTensor):
            self._require_shape(value.value.type.shape)
            return value
        array = np.asarray(value)
        self._require_shape(array.shape)
        return np.array(array, numpy_dtype(self.dtype), order="C")

    def _write(self, value: Any) -> None:
        array = self.checked(value)
        if isinstance(array, KerasTensor):
            raise TypeError(
                f"Variable {self.path!r}: {value!r} is symbolic and cannot be assigned outside of a traced program. "
                "Assign inside train_step or a layer's call."
            )
        if self._cell is not None:
            self._cell.write(array)
        else:
            self._array = array

    def _require_shape(self, shape: tuple[Any, ...]) -> None:
        if tuple(shape) != self.shape:
            raise ValueError(
                f"Variable {self.path!r} has shape {shape_text(self.shape)}, a value of shape {shape_text(tuple(shape))} "
                "cannot be assigned to it."
            )

    def cell(self, target: str) -> StateCell:
        """Its memory on that target; moves there if it was elsewhere.

        Raises:
            RuntimeError: inside a `StatelessScope`.
        """
        if stateless.current_scope() is not None:
            raise RuntimeError(
                f"Variable {self.path!r}: a compiled program works on the variable's own memory, so fit, evaluate and predict "
                "cannot run inside a StatelessScope. Call the model, or use stateless_call."
            )
        if self._cell is None or self._target != target:
            if self._cell is not None:
                count_placement()
            self._cell = driver.new_cell(self.type, self.numpy(), target)
            self._array, self._target = None, target
        return self._cell

    # ---- Python's protocols -------------------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if current_trace() is not None:
            raise TypeError(
                f"Variable {self.path!r} cannot become a NumPy array inside a traced program: its numbers exist only when "
                "the program runs. Use graphkeras.ops in place of NumPy functions."
            )
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __float__(self) -> float:
        return float(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self))

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __len__(self) -> int:
        return self.shape[0]

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"


_placements = 0


def placements_changed() -> int:
    """How many times a variable has moved from one target to another, or a vocabulary was replaced.

    Programs compiled before hold memory left behind, or the old vocabulary.
    """
    return _placements


def count_placement() -> None:
    """Let programs be compiled anew."""
    global _placements
    _placements += 1


def _initial(initializer: Any, shape: Any, dtype: Any, path: str) -> np.ndarray[Any, Any]:
    """The first numbers of a variable."""
    if isinstance(initializer, str):
        initializer = initializers.get(initializer)
    if not callable(initializer):
        array = initializer.numpy() if isinstance(initializer, Variable) else np.asarray(initializer)
        if isinstance(initializer, KerasTensor):
            raise TypeError(f"Variable {path!r} needs numbers to start from, got the symbolic {initializer!r}.")
        default = {"float64": None, "int64": "int32"}.get(array.dtype.name, array.dtype.name)
        if isinstance(initializer, np.ndarray) and array.dtype.name == "int64":
            default = "int64"
        array = np.array(array, numpy_dtype(standard_dtype(dtype or default)), order="C")
        if shape is not None and array.shape != _sizes(shape, path):
            raise ValueError(f"Variable {path!r}: shape {tuple(shape)} was asked for, the numbers have shape {array.shape}.")
        return array
    if shape is None:
        raise ValueError(f"Variable {path!r}: give a shape, the initializer {initializer!r} cannot know it.")
    sizes, name = _sizes(shape, path), standard_dtype(dtype)
    if hasattr(initializer, "seed") and not need_random_numbers():
        return np.zeros(sizes, numpy_dtype(name))
    array = np.array(initializer(sizes, dtype=name), numpy_dtype(name), order="C")
    if array.shape != sizes:
        raise ValueError(f"Variable {path!r}: its initializer gave shape {array.shape}, asked for {sizes}.")
    return array


def _sizes(shape: Any, path: str) -> tuple[int, ...]:
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not all(isinstance(size, (int, np.integer)) and size >= 0 for size in shape):
        raise ValueError(f"Variable {path!r}: every size of its shape must be a known number, got {shape}.")
    return tuple(int(size) for size in shape)


def _as_value(value: Any, type_: TensorType) -> Value:
    """What is assigned inside a trace, as a graph value of the variable's dtype."""
    trace: Trace | None = current_trace()
    if isinstance(value, Variable) and trace is not None:
        new = trace.read(value)
    elif isinstance(value, KerasTensor):
        new = value.value
    elif isinstance(value, Value):
        new = value
    else:
        array = np.asarray(value).astype(numpy_dtype(type_.dtype))
        return ops.constant(value=array)  # type: ignore[no-any-return]
    return new if new.type.dtype == type_.dtype else ops.cast(new, dtype=type_.dtype)
