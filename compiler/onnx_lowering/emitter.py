"""Writes ONNX nodes: what `compiler.emitter.Emitter` promises to the ops' rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from ..dims import Dim, DimLike, Shape
from ..graph import Graph, Node, Value
from ..provenance import Origin
from ..types import TensorType, type_of
from .element_types import ELEMENT_TYPES
from .names import Names, namespace
from .sizes import Sizes


class ModelEmitter:
    """Collects the nodes and initializers of one model.

    Attributes:
        nodes: in order; every node after those whose results it reads. Inside `subgraph` those of the subgraph.
        main_nodes: those of the model's own graph. Sizes are computed here, where every subgraph can read them.
        initializers: constants, each once.
    """

    def __init__(self, opset: int, names: Names) -> None:
        self.opset = opset
        self.nodes: list[NodeProto] = []
        self.main_nodes = self.nodes
        self.initializers: list[TensorProto] = []
        self._names = names
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._types: dict[str, TensorType] = {}
        self._casts: dict[tuple[str, str], str] = {}
        self._sizes = Sizes(self)
        self._origin = Origin()
        self._op = ""

    # ---- what rules call ----------------------------------------------------------------------------------------------

    def __call__(self, op_type: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        folder = namespace(self._origin)
        name = self._names.unique(f"{folder}/{op_type}" if folder else op_type)
        results = [name] if outputs == 1 else [self._names.unique(f"{name}.{k}") for k in range(outputs)]
        plain = {key: tensor("", value) if isinstance(value, np.ndarray) else value for key, value in attributes.items()}
        node = helper.make_node(op_type, inputs, results, name=name, **plain)
        for key, value in (("namespace", folder), ("source", self._origin.source), ("op", self._op)):
            if value:
                node.metadata_props.add(key=key, value=value)
        self.nodes.append(node)
        return name if outputs == 1 else tuple(results)

    def constant(self, value: np.ndarray[Any, Any] | np.generic) -> str:
        array = np.ascontiguousarray(value).reshape(np.shape(value))  # ascontiguousarray makes a scalar 1-D
        key = (array.dtype.name, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer(_constant_name(array), array)
        return self._constants[key]

    def known(self, name: str) -> np.ndarray[Any, Any] | None:
        return self._arrays.get(name)

    def cast(self, name: str, dtype: str) -> str:
        known = self._types.get(name)
        if known is not None and known.dtype == dtype:
            return name
        key = (name, dtype)
        if key not in self._casts:
            self._casts[key] = str(self("Cast", name, to=ELEMENT_TYPES[dtype]))
            if known is not None:
                self._types[self._casts[key]] = known.with_dtype(dtype)
        return self._casts[key]

    def dimension(self, dim: DimLike) -> str:
        if not isinstance(dim, Dim):
            return self.constant(np.int64(dim))
        with self._outside():
            return self._sizes.scalar(dim)

    def shape(self, shape: Shape) -> str:
        if not any(isinstance(dim, Dim) for dim in shape):
            return self.constant(np.array([int(dim) for dim in shape], np.int64))
        with self._outside():
            return self._sizes.vector(shape)

    def inline(self, body: Graph, inputs: Sequence[str]) -> list[str]:
        names: dict[Value, str] = dict(zip(body.inputs, inputs, strict=True))
        for node in body.nodes:
            names.update(zip(node.outputs, self.lower(node, [names[value] for value in node.inputs]), strict=True))
        return [names[value] for value in body.outputs]

    def subgraph(self, name: str, inputs: Sequence[Value], compute: Callable[[list[str]], Sequence[str]]) -> GraphProto:
        outer, casts = self.nodes, self._casts
        self.nodes, self._casts = [], dict(casts)
        declared = []
        for number, value in enumerate(inputs):
            declared.append(self._names.unique(f"{name}/{value.name or f'input_{number}'}"))
            self._types[declared[-1]] = value.type
        results: list[str] = []
        made = set[str]()
        for result in compute(declared):  # a result must be made here, and by a node of its own
            made.update(output for node in self.nodes for output in node.output)
            results.append(result if result in made and result not in results else str(self("Identity", result)))
            self._types[results[-1]] = self._types[result]
        nodes, self.nodes, self._casts = self.nodes, outer, casts
        return helper.make_graph(nodes, name, [self._info(one) for one in declared], [self._info(one) for one in results])

    def _info(self, name: str) -> ValueInfoProto:
        return value_info(name, self._types[name])

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """What is emitted inside the block belongs to the model's own graph."""
        inner, self.nodes = self.nodes, self.main_nodes
        try:
            yield
        finally:
            self.nodes = inner

    def type_of(self, name: str) -> TensorType:
        if name not in self._types:
            raise KeyError(f"The type of {name!r} is not known; only operands, results and constants have one.")
        return self._types[name]

    # ---- what the lowering calls --------------------------------------------------------------------------------------

    def initializer(self, hint: str, array: np.ndarray[Any, Any]) -> str:
        """A tensor stored in the model; returns its name."""
        name = self._names.unique(hint)
        self.initializers.append(tensor(name, array))
        self._arrays[name] = array
        self._types[name] = type_of(array)
        return name

    def source(self, name: str, type_: TensorType) -> None:
        """Declare a graph input: its axes tell the sizes of symbols."""
        self._types[name] = type_
        self._sizes.source(name, type_)

    def lower(self, node: Node, inputs: Sequence[str]) -> tuple[str, ...]:
        """Let the node's op write its ONNX nodes; returns the names of the results.

        Raises:
            NotImplementedError: when the op has no rule for this; names op, layer and source line.
        """
        outer = self._origin, self._op
        self._origin, self._op = node.origin, node.op.name
        before = len(self.nodes)
        try:
            made = node.op.onnx(self, node, inputs)
        except NotImplementedError as error:
            raise NotImplementedError(_refusal(node, error)) from error
        finally:
            self._origin, self._op = outer
        results = made if isinstance(made, tuple) else (made,)
        for name, value in zip(results, node.outputs, strict=True):
            self._types[name] = value.type
        flops = node.op.flops(node)
        if len(self.nodes) > before and flops != 0:
            self.nodes[-1].metadata_props.add(key="flops", value=str(flops))
        return results


def value_info(name: str, type_: TensorType) -> ValueInfoProto:
    """Name and type; a symbolic size is written as its expression."""
    shape = [dim if isinstance(dim, int) else str(dim) for dim in type_.shape]
    return helper.make_tensor_value_info(name, ELEMENT_TYPES[type_.dtype], shape)


def tensor(name: str, array: np.ndarray[Any, Any]) -> TensorProto:
    """`array` as an ONNX tensor, stored as raw bytes."""
    contiguous = np.ascontiguousarray(array)
    return helper.make_tensor(name, ELEMENT_TYPES[array.dtype.name], array.shape, contiguous.tobytes(), raw=True)


def _constant_name(array: np.ndarray[Any, Any]) -> str:
    if array.size != 1:
        return f"constant_{array.dtype.name}_{'x'.join(map(str, array.shape)) or 'scalar'}"
    number = array.ravel()[0]
    text = str(number) if array.dtype.kind in "biu" else f"{float(number):.6g}"
    return f"{text}_{array.dtype.name}" if math.prod(array.shape) == 1 and array.ndim == 0 else f"[{text}]_{array.dtype.name}"


def _refusal(node: Node, error: NotImplementedError) -> str:
    where = f" of layer {node.origin.scope!r}" if node.origin.scope else ""
    line = f", written at {node.origin.source}" if node.origin.source else ""
    operands = ", ".join(str(value.type) for value in node.inputs)
    return (
        f"ONNX has no form of {node.op.name}({operands}){where}{line}: {error} "
        "Change that line to other operations or another dtype, or run the model on the target 'numpy' or 'triton'."
    )
