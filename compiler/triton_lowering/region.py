"""A region: nodes that one kernel computes, in one iteration space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..graph import Graph, Node, Value
from ..indexing import flatten_index, unflatten_index, variable
from ..ops.base import Index
from .reads import Demands, demands_of, has_element_rule, is_gathered, reads
from .spaces import Product, Rounds, Rows, Space, Template
from .writer import static_shape

REDUCTIONS = ("sum", "mean", "prod", "max", "min", "any", "all", "argmax", "argmin")

#: Ops that only say where elements come from, or cost nothing: every kernel that needs them computes them for itself.
_VIEWS = (
    "identity",
    "stop_gradient",
    "reshape",
    "transpose",
    "expand_dims",
    "squeeze",
    "broadcast_to",
    "slice",
    "pad",
    "windows",
)
FREE = frozenset({"constant", "dimension", "iota", *_VIEWS})


def is_reduction(node: Node) -> bool:
    return node.op.name in REDUCTIONS


def is_column_sum(node: Node) -> bool:
    """True for sums over rows, in parts, that a kernel over whole rows makes on the way."""
    return node.op.name == "partial_sums"


#: A single number made of so many steps at most is computed by every kernel that needs it.
MAX_SCALAR_STEPS = 32
#: Reshapes and transpositions in a row that an index may go through: its length grows with each.
MAX_VIEWS = 8


@dataclass(frozen=True)
class Facts:
    """What is known of a graph's nodes before regions are formed.

    Attributes:
        order: the position of every node in the graph.
        free: values that are computed anew wherever they are needed: views, constants, and single numbers made of others.
        cuts: values that are written to memory, because an index through all the views behind them would be too long.
    """

    order: Mapping[Node, int]
    free: frozenset[Value]
    cuts: frozenset[Value] = frozenset()

    @classmethod
    def of(cls, graph: Graph) -> Facts:
        steps: dict[Value, int] = {}
        views: dict[Value, int] = {}  # how many of them an index goes through
        cuts: set[Value] = set()
        for node in graph.nodes:
            value = node.outputs[0]
            if not has_element_rule(node):
                continue
            views[value] = max((views.get(operand, 0) for operand in node.inputs), default=0)
            views[value] += node.op.name in ("reshape", "transpose")
            if views[value] > MAX_VIEWS:
                views[value] = 0
                cuts.add(value)
                continue
            total = sum(steps.get(operand, 0) for operand in dict.fromkeys(node.inputs))
            if node.op.name in FREE:
                steps[value] = total
            elif value.type.size == 1 and total < MAX_SCALAR_STEPS:
                steps[value] = total + 1
        order = {node: position for position, node in enumerate(graph.nodes)}
        return cls(order, frozenset(steps), frozenset(cuts))


def rows_of(node: Node) -> Rows:
    """The iteration space of a reduction; of sums of columns the rows that they are made of."""
    axis = node.attrs["axis"] if is_reduction(node) else 1
    return Rows(static_shape(node.inputs[0]), axis if isinstance(axis, tuple) else (axis,))


def product_of(node: Node) -> Product:
    """The iteration space of a matrix product."""
    a, b = map(static_shape, node.inputs)
    return Product.of(a, b, static_shape(node.outputs[0]))


def sums_columns_of(node: Node, product: Node) -> bool:
    """True if `node` adds up all rows of the second operand of a single matrix product: the gradient of a bias, next to that
    of the weights. The product's kernel has these elements at hand."""
    operand = product.inputs[1]
    if node.op.name != "sum" or operand.type.ndim != 2 or product.output.type.ndim != 2:
        return False
    rows = rows_of(node)
    return rows.axes == tuple(range(len(rows.full) - 1)) and row_major_root(node.inputs[0]) is row_major_root(operand)


def row_major_root(value: Value) -> Value:
    """The value whose elements these are, in the same order."""
    while value.node is not None and value.node.op.name in ("reshape", "expand_dims", "squeeze", "identity"):
        value = value.node.inputs[0]
    return value


class Region:
    """Nodes that one kernel computes.

    Attributes:
        space: what the kernel iterates over.
        stores: values that it writes to memory.
        inside: values that it computes for itself; besides, it computes free ones.
        facts: of the graph.
        is_update: True if it writes new values of whole variables.
        demands: every value that it needs or computes, with the indices at which it does.
        operand_demands: the same for the operands of a matrix product, or of an op with a template of its own.
    """

    def __init__(
        self,
        space: Space,
        stores: Iterable[Value],
        inside: Iterable[Value],
        facts: Facts,
        is_update: bool = False,
    ) -> None:
        self.space = space
        self.stores = dict.fromkeys(stores)
        self.inside = dict.fromkeys(inside)
        self.facts = facts
        self.is_update = is_update
        self.demands: Demands = {}
        self.operand_demands: Demands = {}
        self.analyse()

    def analyse(self) -> None:
        """Find `demands`; for a product those of its operands apart."""
        self.operand_demands = {}
        self.demands = demands_of(((value, self._place(value)) for value in self.stores), self._operands)
        if isinstance(self.space, Product):
            for node in self.nodes("matmul"):
                pairs = zip(node.inputs, self.space.operand_indices(), strict=True)
                self.operand_demands = demands_of(pairs, self._operands)
        if isinstance(self.space, Template):
            pairs = zip(self.template_node.inputs, self.space.operand_indices(), strict=True)
            self.operand_demands = demands_of(pairs, self._operands)

    def variant(self, space: Space | None = None, stores: Iterable[Value] = (), inside: Iterable[Value] = ()) -> Region:
        """The region with more in it, perhaps in another space."""
        return Region(space or self.space, (*self.stores, *stores), (*self.inside, *inside), self.facts, self.is_update)

    @cached_property
    def needs(self) -> tuple[Value, ...]:
        """Values that must be in memory before the kernel starts."""
        return tuple(v for v in dict.fromkeys((*self.demands, *self.operand_demands)) if not self.computes(v))

    @cached_property
    def writes(self) -> tuple[Value, ...]:
        """Stored values that it computes: one that it only copies is in memory already."""
        return tuple(value for value in self.stores if not self.needs_value(value))

    def needs_value(self, value: Value) -> bool:
        return (value in self.demands or value in self.operand_demands) and not self.computes(value)

    def computes(self, value: Value) -> bool:
        return value in self.inside or value in self.facts.free

    def nodes(self, *names: str) -> list[Node]:
        """The nodes of those ops in it, in the graph's order."""
        found = [value.node for value in self.inside if value.node is not None and value.node.op.name in names]
        return sorted(found, key=self.facts.order.__getitem__)

    @property
    def reductions(self) -> list[Node]:
        return self.nodes(*REDUCTIONS)

    @property
    def column_sums(self) -> list[Node]:
        return [value.node for value in self.inside if value.node is not None and is_column_sum(value.node)]

    @property
    def template_node(self) -> Node:
        """The node that the region's space was made for."""
        node = next(iter(self.stores)).node
        assert node is not None and isinstance(self.space, Template)
        return node

    @property
    def full_stores(self) -> list[Value]:
        """Stores of a reduction that have an element for everything that is reduced."""
        return [v for v in self.stores if isinstance(self.space, Rows) and self.space.is_full(static_shape(v))]

    @property
    def needs_whole_rows(self) -> bool:
        """True if a reduction's result is used while its operands are still needed, as in softmax; or columns are added up."""
        if not isinstance(self.space, Rows):
            return False
        results = {node.outputs[0] for node in self.reductions}
        return bool(self.full_stores or self.column_sums) or any(self._depends_on(node, results) for node in self.reductions)

    def fault(self) -> str:
        """Why one kernel cannot compute this; "" if it can."""
        for value in self.stores:
            if self.index_of(value) is None:
                return f"a result of shape {static_shape(value)} does not lie in the space of {self.space}"
        for value in self.inside:
            if value.node is None or has_element_rule(value.node):
                continue
            if is_reduction(value.node) and not self._fits(value.node):
                return f"it has {rows_of(value.node)}, the others {self.space}"
            if is_column_sum(value.node) and not self._fits_columns(value.node):
                return f"it adds up columns of {rows_of(value.node)}, the others have {self.space}"
            position = flatten_index(self._place(value), static_shape(value))
            for index in self.demands.get(value, ()):
                if flatten_index(index, static_shape(value)) != position:
                    return f"{value.node.op.name} is needed at other places than where it is computed"
            if value in self.operand_demands:
                return f"{value.node.op.name} is an operand of the product"
        return ""

    def _fits(self, node: Node) -> bool:
        space = self.space
        if isinstance(space, Rows):
            return (rows_of(node).kept, rows_of(node).reduced) == (space.kept, space.reduced)
        return any(sums_columns_of(node, product) for product in self.nodes("matmul"))

    def _fits_columns(self, node: Node) -> bool:
        """All sums of columns in a kernel have parts of one length."""
        space, length = self.space, node.attrs["length"]
        if not isinstance(space, Rows) or any(other.attrs["length"] != length for other in self.column_sums):
            return False
        return space.is_like(rows_of(node))

    def index_of(self, value: Value) -> Index | None:
        """Where `value` is computed to be stored or used further; None if it does not lie in the space."""
        shape = static_shape(value)
        if isinstance(self.space, Rows) and value.node is not None and is_column_sum(value.node):
            return variable("part", shape[0]), variable("reduced", shape[1])
        if isinstance(self.space, Product) and value.node is not None and is_reduction(value.node):
            return unflatten_index(variable("n", self.space.n), shape) if value.type.size == self.space.n else None
        if isinstance(self.space, Template):
            return self.space.result_indices()[value.index] if value in self.template_node.outputs else None
        return self.space.index(shape)

    def _place(self, value: Value) -> Index:
        """The same; a place that does not exist is found by `fault`."""
        return self.index_of(value) or unflatten_index(variable("i", int(value.type.size)), static_shape(value))

    def _operands(self, value: Value, index: Index) -> Iterable[tuple[Value, Index]]:
        node = value.node
        if node is None or not self.computes(value):
            return ()
        if has_element_rule(node):
            return reads(node, index)
        if (is_reduction(node) or is_column_sum(node)) and isinstance(self.space, Rows):
            return [(node.inputs[0], rows_of(node).operand_index())]
        return ()

    def _depends_on(self, node: Node, results: set[Value]) -> bool:
        operand = (node.inputs[0], rows_of(node).operand_index())
        return any(value in results for value in demands_of([operand], self._operands))


class LoopRegion(Region):
    """A `scan` by itself: it reads its operands from memory and writes all its results there.

    Attributes:
        node: the scan.
        sources: for every operand the value in memory that has its elements: a reshaped value lies where its origin does.
    """

    def __init__(self, node: Node, facts: Facts) -> None:
        self.node = node
        self.sources = [row_major_root(value) for value in node.inputs]
        super().__init__(Rounds(int(node.attrs["length"])), node.outputs, [], facts)

    def analyse(self) -> None:
        self.operand_demands = {}
        self.demands = {value: {} for value in self.sources}

    def computes(self, value: Value) -> bool:
        return value in self.stores


def count_uses(region: Region, value: Value) -> int:
    """At how many different indices the region needs `value`."""
    indices = {**region.demands.get(value, {}), **region.operand_demands.get(value, {})}
    return len(indices) + sum(is_gathered(index) for index in indices)
