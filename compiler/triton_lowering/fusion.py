"""Graph -> regions: which nodes are computed together in one kernel.

Nodes are visited from the results to the sources. A node that one region alone needs is computed in it, if that costs nothing;
a node that several regions need is written to memory by one of them, if that makes no circle; else it starts a region of
its own. Every decision and its reason is noted in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..graph import Graph, Node, Value
from ..journal import note
from .reads import has_element_rule
from .region import Region, count_uses, is_free, is_reduction, product_of, rows_of
from .spaces import Flat, Product, Rows
from .writer import static_shape

#: A row that is kept in registers while several reductions go over it.
MAX_ROW = 8192
#: Nodes in one kernel: bounds its registers and its compile time.
MAX_NODES = 80
#: An operand of a matrix product is computed once for every tile that needs it, so it must be cheap.
MAX_OPERAND_FLOPS = 2
#: Below this many elements one program instance does it all.
SMALL = 4096


def form_regions(graph: Graph) -> list[Region]:
    """The regions of a graph whose sizes are all known, in an order in which they can run."""
    return _Fusion(graph).run()


class _Fusion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = {node: position for position, node in enumerate(graph.nodes)}
        self.regions: list[Region] = []
        self.updated = [slot.output for slot in graph.state if slot.is_updated]
        self.results = dict.fromkeys([*graph.outputs, *self.updated])

    def run(self) -> list[Region]:
        for value in self.results:
            if value.node is None or is_free(value):
                self.start(value)
        for node in reversed(self.graph.nodes):
            if not is_free(node.outputs[0]):
                self.place(node)
        self.merge_neighbours()
        return sorted_regions(self.regions)

    # ---- one node -----------------------------------------------------------------------------------------------------

    def place(self, node: Node) -> None:
        (value,) = node.outputs
        users = [region for region in self.regions if region.needs_value(value)]
        is_result = value in self.results
        if not users and not is_result:
            return
        is_stored = is_result or len(users) > 1
        for user in self.by_nearness(users):
            others = [region for region in users if region is not user]
            reason = self.join(node, user, is_stored, others)
            if not reason:
                return
            note(f"{node.op.name} not fused into {describe(user)}", node, why=reason, refused=True)
        self.start(value)

    def join(self, node: Node, user: Region, is_stored: bool, others: Sequence[Region]) -> str:
        """Compute `node` in `user`; returns the reason if that cannot be."""
        (value,) = node.outputs
        if any(reaches(self.regions, other, user) for other in others):
            return "another kernel needs it, whose results this one needs"
        if len(user.inside) >= MAX_NODES:
            return f"the kernel has {MAX_NODES} nodes already"
        reason = self.refusal(node, user, is_stored)
        if reason:
            return reason
        space = None
        if not has_element_rule(node) and isinstance(user.space, Flat):
            space = rows_of(node) if is_reduction(node) else product_of(node)
        joined = user.variant(space, [value] if is_stored else [], [value])
        reason = joined.fault() or _row_fault(joined)
        if reason:
            return reason
        self.regions[self.regions.index(user)] = joined
        note(f"fused {node.op.name} into {describe(user)}", node, why="and written to memory for others" if is_stored else "")
        return ""

    def refusal(self, node: Node, user: Region, is_stored: bool) -> str:
        (value,) = node.outputs
        if has_element_rule(node):
            return _elementwise_refusal(value, user, is_stored)
        if user.is_update:
            return "new values of variables are computed for all variables in one launch"
        if is_reduction(node):
            return "" if not isinstance(user.space, Product) else "a product's kernel makes no reductions"
        if node.op.name == "matmul":
            return "" if isinstance(user.space, Flat) else f"the kernel iterates over {user.space}"
        raise NotImplementedError(
            f"The op {node.op.name!r} cannot be lowered to Triton: it has no element rule and is no reduction or product. "
            f"Add {type(node.op).__name__}.element, or spell it out in compiler/triton_lowering/prepare.py."
        )

    def start(self, value: Value) -> None:
        """A region that computes `value` and writes it."""
        node, size = value.node, int(value.type.size)
        is_update = value in self.updated and size > 1
        space: Flat | Rows | Product = Flat(size)
        if node is not None and not has_element_rule(node):
            space = rows_of(node) if is_reduction(node) else product_of(node)
            is_update = False
        inside = [value] if node is not None and not is_free(value) else []
        self.regions.append(Region(space, [value], inside, self.order, is_update))

    def by_nearness(self, users: Sequence[Region]) -> list[Region]:
        """First the regions that no other one leads to: they can write a value for the others."""
        return sorted(
            users, key=lambda region: sum(reaches(self.regions, other, region) for other in users if other is not region)
        )

    # ---- whole regions ------------------------------------------------------------------------------------------------

    def merge_neighbours(self) -> None:
        """Let regions that go over the same elements share a launch, and what they read."""
        position = 0
        while position < len(self.regions):
            first = self.regions[position]
            for second in self.regions[position + 1 :]:
                merged = self.merged(first, second)
                if merged is not None:
                    self.regions[position] = merged
                    self.regions.remove(second)
                    note(f"merged {describe(second)} with {describe(first)}", why=f"both iterate over {first.space}")
                    break
            else:
                position += 1

    def merged(self, first: Region, second: Region) -> Region | None:
        if not _same_space(first, second) or len(first.inside) + len(second.inside) > MAX_NODES:
            return None
        if first.is_update or second.is_update:
            return None  # these are put together by what they compute, whatever their size
        if not (_is_small(first) or set(_big(first.needs)) & set(_big(second.needs))):
            return None
        if reaches(self.regions, first, second) or reaches(self.regions, second, first):
            return None
        merged = first.variant(None, second.stores, second.inside)
        return None if merged.fault() or _row_fault(merged) else merged


def _elementwise_refusal(value: Value, user: Region, is_stored: bool) -> str:
    shape = static_shape(value)
    if value in user.operand_demands:
        if is_stored:
            return "it is an operand of the product, and others need it too"
        if value.node is not None and _operand_flops(value, user) > MAX_OPERAND_FLOPS:
            return "it would be computed anew for every tile of the product"
    if count_uses(user, value) > 2 and value.node is not None and value.node.op.flops_per_element > 1:
        return "it would be computed more than twice"
    if is_stored:
        if user.space.index(shape) is None:
            return f"its shape {shape} is not the kernel's, which iterates over {user.space}"
        if isinstance(user.space, Rows) and user.space.is_full(shape) and not user.full_stores:
            return "the kernel reduces it; what it is made of shall be able to join the kernel that writes it"
    return ""


def _operand_flops(value: Value, user: Region) -> float:
    """Operations for one element of a product's operand, with those that are there already."""
    values = {value, *(v for v in user.operand_demands if user.computes(v))}
    return sum(v.node.op.flops_per_element for v in values if v.node is not None and v.type.size != 1)


def _row_fault(region: Region) -> str:
    """Why a reduction that needs whole rows cannot have them."""
    space = region.space
    if not isinstance(space, Rows) or not region.needs_whole_rows:
        return ""
    if space.reduced > MAX_ROW:
        return f"a row of {space.reduced} elements does not fit into one tile (at most {MAX_ROW})"
    if space.kept < 32 and space.kept * space.reduced > SMALL:
        return f"{space.kept} rows alone would have to do all of the work"
    return ""


def _same_space(first: Region, second: Region) -> bool:
    a, b = first.space, second.space
    if isinstance(a, Rows) and isinstance(b, Rows):
        return ((a.kept, a.reduced) == (b.kept, b.reduced) and (a.full, a.axes) == (b.full, b.axes)) or (
            a.kept == b.kept == 1 and a.reduced == b.reduced and not first.full_stores and not second.full_stores
        )
    return isinstance(a, Flat) and a == b


def _is_small(region: Region) -> bool:
    space = region.space
    return (
        space.size if isinstance(space, Flat) else space.kept * space.reduced if isinstance(space, Rows) else SMALL + 1
    ) <= SMALL


def _big(values: Iterable[Value]) -> list[Value]:
    return [value for value in values if value.type.size != 1]


def reaches(regions: Sequence[Region], start: Region, end: Region) -> bool:
    """True if `end` needs something that `start` leads to."""
    stack, seen = [start], {id(start)}
    while stack:
        region = stack.pop()
        for other in regions:
            if id(other) not in seen and any(other.needs_value(value) for value in region.stores):
                if other is end:
                    return True
                seen.add(id(other))
                stack.append(other)
    return False


def sorted_regions(regions: Sequence[Region]) -> list[Region]:
    """Regions after those whose results they need; apart from that, in the order of the graph."""
    writer = {value: region for region in regions for value in region.stores}
    order: list[Region] = []
    done: set[int] = set()

    def visit(region: Region) -> None:
        if id(region) in done:
            return
        done.add(id(region))
        for value in region.needs:
            if value in writer and writer[value] is not region:
                visit(writer[value])
        order.append(region)

    for region in sorted(regions, key=_last_position):
        visit(region)
    return order


def _last_position(region: Region) -> int:
    return max((region.order.get(value.node, 0) for value in region.stores if value.node is not None), default=0)


def describe(region: Region) -> str:
    """A short name: the ops in it."""
    names = [value.node.op.name for value in reversed(region.inside) if value.node is not None]
    shown = "_".join(names[:4] + (["etc"] if len(names) > 4 else []))
    return f"the kernel {shown or 'copy'}"
