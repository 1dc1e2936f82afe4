"""`InputSpec`: what a layer demands of its inputs, and the check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphkeras.compiler.dims import Dim
from graphkeras.compiler.provenance import user_source
from graphkeras.compiler.types import shape_text

from .. import tree
from ..ops.core import dtype as dtype_of
from ..ops.core import shape as shape_of


class InputSpec:
    """Demands on one input of a layer. What is None is not demanded.

    Args:
        dtype: the dtype.
        shape: all sizes; None for any size.
        ndim: the number of axes.
        max_ndim, min_ndim: bounds of it.
        axes: sizes of single axes, such as ``{-1: 784}``.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or added.
        name: the key under which the input is given in a dict.
        optional: whether None may be given.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim, self.name, self.optional = max_ndim, min_ndim, name, optional
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze

    def get_config(self) -> dict[str, Any]:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        return cls(**config)

    def __repr__(self) -> str:
        shown = [f"{key}={value}" for key, value in self.get_config().items() if value not in (None, {})]
        return f"InputSpec({', '.join(shown)})"


def check_inputs(spec: Any, inputs: Any, layer: Any) -> None:
    """Do nothing if `inputs` meet the demands.

    Raises:
        ValueError: otherwise; names the layer, the user's line, what came and what is needed.
    """
    if spec is None:
        return
    specs = tree.flatten(spec)
    if inputs is None and not any(one is None or one.optional for one in specs):
        raise ValueError(f"{title(layer)} was called without inputs.\n  at {user_source()}")
    if isinstance(inputs, dict):
        named = [s.name for s in specs]
        if all(name in inputs for name in named):
            inputs = [inputs[name] for name in named]
    given = tree.flatten(inputs)
    if len(given) != len(specs):
        raise ValueError(
            f"{title(layer)} takes {len(specs)} input{'s' if len(specs) > 1 else ''}, got {len(given)}.\n  at {user_source()}"
        )
    for one, x in zip(specs, given):
        if one is None or (x is None and one.optional):
            continue
        _check(one, x, layer)


def _check(spec: InputSpec, x: Any, layer: Any) -> None:
    shape = shape_of(x)

    def fail(demand: str) -> None:
        raise ValueError(
            f"{title(layer)}: input has shape {shape_text(shape)}, but {demand}.{_weights_text(layer)}\n  at {user_source()}"
        )

    wanted = spec.shape
    if wanted is not None and spec.allow_last_axis_squeeze:
        if len(shape) == len(wanted) + 1 and shape[-1] == 1:
            shape = shape[:-1]
        elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            wanted = wanted[:-1]
    ndim = len(wanted) if wanted is not None else spec.ndim
    if ndim is not None and len(shape) != ndim:
        fail(f"it must have {ndim} axes" + (f": {shape_text(wanted)}" if wanted is not None else ""))
    if spec.max_ndim is not None and len(shape) > spec.max_ndim:
        fail(f"it must have at most {spec.max_ndim} axes")
    if spec.min_ndim is not None and len(shape) < spec.min_ndim:
        fail(f"it must have at least {spec.min_ndim} axes")
    if spec.dtype is not None and dtype_of(x) != spec.dtype:
        raise ValueError(f"{title(layer)}: input has dtype {dtype_of(x)}, expected {spec.dtype}.\n  at {user_source()}")
    for axis, size in spec.axes.items():
        if size is not None and not _fits(shape[axis], size):
            fail(f"axis {axis} must have size {size}")
    for axis, size in enumerate(wanted or ()):
        if size is not None and not _fits(shape[axis], size):
            fail(f"it must be {shape_text(wanted or ())}")


def _fits(size: Any, wanted: int) -> bool:
    return isinstance(size, Dim) or size == wanted


def title(layer: Any) -> str:
    """How messages name a layer: ``Dense "dense_1"``."""
    return f'{type(layer).__name__} "{layer.name}"'


def _weights_text(layer: Any) -> str:
    weights = [f"{v.name} {shape_text(v.shape)}" for v in getattr(layer, "weights", ())][:4]
    return f" Its weights are {', '.join(weights)}: reshape the input, or make a new layer for it." if weights else ""


def shapes_of(inputs: Any) -> Any:
    """The shapes of the tensors in a structure, None for sizes not known before the run."""
    return tree.map_structure(
        lambda x: None if x is None else tuple(None if isinstance(d, Dim) else d for d in shape_of(x)), inputs
    )
