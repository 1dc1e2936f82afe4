"""Graph -> regions: which nodes are computed together in one kernel.

Nodes are visited from the results to the sources. A node that one region alone needs is computed in it, if that costs nothing;
a node that several regions need is written to memory by one of them, if that makes no circle; else it starts a region of
its own. Every decision and its reason is noted in the journal.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Graph, Node, Value
from ..journal import note
from .reach import Reach
from .reads import has_element_rule
from .reduction import NEIGHBOURS
from .region import Facts, LoopRegion, Region, count_uses, is_column_sum, is_reduction, product_of, rows_of, sums_columns_of
from .spaces import Flat, Product, Rows, Space, Template
from .templates import is_template, space_of
from .writer import static_shape

#: A row that is kept in registers while several reductions go over it.
MAX_ROW = 8192
#: Nodes in one kernel: bounds its registers and its compile time.
MAX_NODES = 80
#: An operand of a matrix product is computed once for every tile that needs it, so it must be cheap.
MAX_OPERAND_FLOPS = 2
#: How far behind a product an element is looked for that shall be computed in the product's kernel.
MAX_EPILOGUE_STEPS = 6
#: Elementwise steps that every kernel repeats that needs their result, rather than one kernel writing it to memory.
MAX_REPEATED_STEPS = 3
#: Multiplications of a product that may also add up the rows of an operand, in every one of its program instances.
MAX_SHARED_WORK = 1 << 27
#: Below this many elements one program instance does it all.
SMALL = 4096


def form_regions(graph: Graph) -> list[Region]:
    """The regions of a graph whose sizes are all known, in an order in which they can run."""
    return _Fusion(graph).run()


class _Fusion:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.facts = Facts.of(graph)
        self.reach = Reach()
        self.regions, self.users = self.reach.regions, self.reach.users
        self.updated = [slot.output for slot in graph.state if slot.is_updated]
        self.results = dict.fromkeys([*graph.outputs, *self.updated])
        self.started: set[Value] = set()

    def run(self) -> list[Region]:
        for value in self.results:
            if value.node is None or value in self.facts.free:
                self.start(value)
        for node in reversed(self.graph.nodes):
            if node.op.name == "scan":
                self.start_loop(node)
            elif node.outputs[0] not in self.facts.free:
                self.place(node)
        self.merge_neighbours()
        self.add_column_sums()
        return self.reach.in_order(_last_position)

    # ---- one node -----------------------------------------------------------------------------------------------------

    def place(self, node: Node) -> None:
        if is_template(node):
            self.start_template(node)
            return
        (value,) = node.outputs
        users = list(self.users.get(value, ()))
        is_result = value in self.results
        if not users and not is_result:
            return
        is_stored = is_result or len(users) > 1
        if is_column_sum(node):
            self.start(value)
            return
        if value in self.facts.cuts:
            note(f"{node.op.name} written to memory", node, "an index through all the views behind it would be too long")
            self.start(value)
            return
        if len(users) > 1 and not is_result and self.repeat(node, users):
            return
        for user in self.by_nearness(users):
            others = [region for region in users if region is not user]
            reason = self.join(node, user, is_stored, others)
            if not reason:
                return
            note(f"{node.op.name} not fused into {describe(user)}", node, why=reason, refused=True)
        self.start(value)

    def repeat(self, node: Node, users: Sequence[Region]) -> bool:
        """Let every user compute a cheap value for itself, if that reads no more memory than the value itself."""
        (value,) = node.outputs
        if any(_reads_memory_only(user) for user in users):
            return False
        if self.repeated_steps(value) > MAX_REPEATED_STEPS or _follows_product(value):
            return False
        joined = [user.variant(None, [], [value]) for user in users]
        for user, region in zip(users, joined, strict=True):
            if len(region.inside) > MAX_NODES or region.fault() or _row_fault(region):
                return False
            if _elementwise_refusal(value, user, is_stored=False):
                return False
        for user, region in zip(users, joined, strict=True):
            self.replace([user], region)
        note(f"{node.op.name} computed in {len(users)} kernels", node, "it is as cheap as reading it from memory")
        return True

    def repeated_steps(self, value: Value) -> int:
        """How many elementwise steps lead from memory to `value`; many if it is made of several large arrays."""
        node, steps = value.node, 0
        while node is not None and has_element_rule(node) and node.op.flops_per_element <= 1:
            large = [operand for operand in dict.fromkeys(node.inputs) if _size(operand) * 4 > _size(value)]
            if len(large) > 1:
                return MAX_REPEATED_STEPS + 1
            steps += 1
            if not large or len(self.graph.users.get(large[0], ())) > 1:
                return steps
            node = large[0].node
        is_expensive = node is not None and has_element_rule(node)
        return MAX_REPEATED_STEPS + 1 if is_expensive or not steps else steps

    def join(self, node: Node, user: Region, is_stored: bool, others: Sequence[Region]) -> str:
        """Compute `node` in `user`; returns the reason if that cannot be."""
        (value,) = node.outputs
        if _reads_memory_only(user):
            return f"{describe(user)} reads its operands from memory"
        if any(self.reach.leads(other, user) for other in others):
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
        self.replace([user], joined)
        note(f"fused {node.op.name} into {describe(user)}", node, why="and written to memory for others" if is_stored else "")
        return ""

    def refusal(self, node: Node, user: Region, is_stored: bool) -> str:
        (value,) = node.outputs
        if has_element_rule(node):
            if is_stored and user.is_update and value not in self.updated:
                return "what others need too is computed apart from the new values of variables"
            if _is_unrounded_part(node, user):
                return "parts of a product are added up as its kernel has them, in float32"
            return _elementwise_refusal(value, user, is_stored)
        if user.is_update:
            return "new values of variables are computed for all variables in one launch"
        if is_reduction(node):
            return "" if isinstance(user.space, (Flat, Rows)) else f"the kernel of {user.space} makes no reductions"
        if node.op.name == "matmul":
            return "" if isinstance(user.space, Flat) else f"the kernel iterates over {user.space}"
        raise NotImplementedError(
            f"The op {node.op.name!r} cannot be lowered to Triton: it has no element rule and is no reduction or product. "
            f"Add {type(node.op).__name__}.element or a template, or spell it out in compiler/triton_lowering/prepare.py."
        )

    def start(self, value: Value) -> None:
        """A region that computes `value` and writes it."""
        node, size = value.node, int(value.type.size)
        is_update = value in self.updated and size > 1
        space: Flat | Rows | Product = Flat(size)
        if node is not None and not has_element_rule(node):
            space = product_of(node) if node.op.name == "matmul" else rows_of(node)
            is_update = False
        inside = [value] if node is not None and value not in self.facts.free else []
        self.started.add(value)
        self.replace([], Region(space, [value], inside, self.facts, is_update))

    def start_loop(self, node: Node) -> None:
        """A loop, and regions that write those of its operands that every other kernel computes for itself."""
        if not any(value in self.users or value in self.results for value in node.outputs):
            return
        region = LoopRegion(node, self.facts)
        self.replace([], region)
        for value in region.needs:
            if value in self.facts.free and value not in self.started:
                self.start(value)

    def start_template(self, node: Node) -> None:
        """A region of its own for a node with a template, which writes the results that somebody reads."""
        stores = [value for value in node.outputs if value in self.results or self.users.get(value)]
        if stores:
            self.replace([], Region(space_of(node), stores, node.outputs, self.facts))

    def by_nearness(self, users: Sequence[Region]) -> list[Region]:
        """First the regions that no other one leads to: they can write a value for the others."""
        if len(users) == 1:
            return list(users)
        return sorted(users, key=lambda user: sum(self.reach.leads(other, user) for other in users))

    # ---- whole regions ------------------------------------------------------------------------------------------------

    def merge_neighbours(self) -> None:
        """Let regions that go over the same elements share a launch, and what they read."""
        waiting = [region for region in self.regions if not region.is_update]
        while waiting:
            first = waiting.pop(0)
            if first not in self.regions:
                continue
            for second in self.candidates(first):
                merged = self.merged(first, second)
                if merged is not None:
                    note(f"merged {describe(first)} with {describe(second)}", why=f"both iterate over {merged.space}")
                    self.replace([first, second], merged)
                    sums = [node.output for node in merged.column_sums]
                    waiting += [*self.producers(merged), merged, *(user for value in sums for user in self.users[value])]
                    break

    def candidates(self, first: Region) -> list[Region]:
        """Regions that need what `first` writes, or read what it reads, or read sums of the same kernel, or are as small."""
        values = [*first.stores, *(value for value in first.needs if value.type.size != 1)]
        if any(value.node is not None and is_column_sum(value.node) for value in first.needs):
            values += [value for region in self.producers(first) for value in region.stores]
        near = dict.fromkeys(user for value in values for user in self.users.get(value, ()))
        if _is_small(first):
            near.update(dict.fromkeys(region for region in self.regions if _is_small(region)))
        return [region for region in near if region is not first and not region.is_update]

    def producers(self, region: Region) -> list[Region]:
        """Regions that write what `region` needs."""
        needs = dict.fromkeys(region.needs)
        return [other for other in self.regions if not other.is_update and any(value in needs for value in other.stores)]

    def merged(self, first: Region, second: Region) -> Region | None:
        """Both in one region, if that is worth it: the second may need what the first writes."""
        is_chain = any(second.needs_value(value) for value in first.stores)
        if is_chain and any(value in self.facts.cuts for value in first.stores):
            return None
        space = _common_space(first, second, is_chain)
        if space is None or len(first.inside) + len(second.inside) > MAX_NODES:
            return None
        if self.reach.leads_around(first, second) or self.reach.leads(second, first):
            return None
        kept = [value for value in first.stores if self.is_needed_outside(value, first, second)]
        merged = Region(space, [*kept, *second.stores], [*first.inside, *second.inside], self.facts)
        if merged.fault() or _row_fault(merged):
            return None
        if any(count_uses(merged, value) > count_uses(first, value) for value in first.stores):
            return None  # the second one needs elements of the first one's results at other places
        return merged

    def add_column_sums(self) -> None:
        """Let products add up the rows of their second operand, where a launch of its own would cost more than that."""
        for region in list(self.regions):
            reductions = region.reductions
            if not isinstance(region.space, Rows) or len(region.inside) != 1 or len(reductions) != 1:
                continue
            for user in list(self.regions):
                if not isinstance(user.space, Product):
                    continue
                if not any(sums_columns_of(reductions[0], product) for product in user.nodes("matmul")):
                    continue
                work = user.space.m * user.space.n * user.space.k
                if work > MAX_SHARED_WORK or self.reach.leads(region, user) or self.reach.leads(user, region):
                    note("sum not added to the product's kernel", reductions[0], "it would delay a large product", True)
                    continue
                joined = user.variant(None, region.stores, region.inside)
                if not joined.fault():
                    self.replace([region, user], joined)
                    note(f"merged sum with {describe(user)}", reductions[0], "both read the same operand")
                    break

    def is_needed_outside(self, value: Value, *inner: Region) -> bool:
        return value in self.results or any(region not in inner for region in self.users.get(value, ()))

    def replace(self, old: Sequence[Region], new: Region) -> None:
        """Put `new` in the place of `old`."""
        for region in old:
            self.reach.remove(region)
        self.reach.add(new)


def _reads_memory_only(user: Region) -> bool:
    """True if nothing that the region needs may be computed in it."""
    return isinstance(user, LoopRegion) or (isinstance(user.space, Template) and not user.space.takes_steps)


def _elementwise_refusal(value: Value, user: Region, is_stored: bool) -> str:
    shape = static_shape(value)
    if value in user.operand_demands:
        if is_stored:
            return "it is an operand of the product, and others need it too"
        if _follows_product(value):
            return "it can be computed where the product that it follows is"
        if value.node is not None and _operand_flops(value, user) > MAX_OPERAND_FLOPS:
            return "it would be computed anew for every tile of the product"
    if count_uses(user, value) > 2 and value.node is not None and value.node.op.flops_per_element > 1:
        return "it would be computed more than twice"
    if is_stored:
        if user.space.index(shape) is None:
            return f"its shape {shape} is not the kernel's, which iterates over {user.space}"
        if isinstance(user.space, Rows) and user.space.is_full(shape):
            if not user.full_stores:
                return "the kernel reduces it; what it is made of shall be able to join the kernel that writes it"
            if _follows_product(value):
                return "it can be computed where the product that it follows is"
    return ""


def _follows_product(value: Value) -> bool:
    """True if `value` is made element by element, in a few steps, of a matrix product and not of any reduction."""
    reached = {value}
    for _ in range(MAX_EPILOGUE_STEPS):
        nodes = [v.node for v in reached if v.node is not None and has_element_rule(v.node)]
        reached |= {operand for node in nodes for operand in node.inputs}
    makers = [v.node for v in reached if v.node is not None and not has_element_rule(v.node)]
    follows = any(node.op.name == "matmul" and node.output.type.size == value.type.size for node in makers)
    return follows and not any(is_reduction(node) for node in makers)


def _is_unrounded_part(node: Node, user: Region) -> bool:
    """True for a cast of a batch of 16-bit products that `user` adds up: see split_product.py."""
    source, space = node.inputs[0].node if node.op.name == "cast" else None, user.space
    if source is None or source.op.name != "matmul" or not isinstance(space, Rows):
        return False
    return space.full == static_shape(source.output) and max(space.axes, default=0) < len(space.full) - 2


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
    if not space.has_neighbours_in_row and NEIGHBOURS * space.reduced > MAX_ROW:
        return f"{NEIGHBOURS} columns of {space.reduced} elements do not fit into one tile (at most {MAX_ROW})"
    if space.kept < 32 and space.kept * space.reduced > SMALL:
        return f"{space.kept} rows alone would have to do all of the work"
    return ""


def _common_space(first: Region, second: Region, is_chain: bool) -> Space | None:
    """The space of a kernel that computes both; None if there is none."""
    a, b = first.space, second.space
    if isinstance(a, Flat) and isinstance(b, Flat):
        return a if a == b else None
    if isinstance(a, Rows) and isinstance(b, Rows):
        alike = a.kept == b.kept == 1 and a.reduced == b.reduced and not first.full_stores and not second.full_stores
        return a if a.is_like(b) or alike else None
    if isinstance(a, Rows) and isinstance(b, Flat) and b.size == a.kept:
        return a if is_chain or b.size == 1 else None
    if isinstance(a, Rows) and isinstance(b, Flat) and b.size == a.kept * a.reduced:
        return a if is_chain and first.full_stores else None
    return None


def _size(value: Value) -> int:
    return int(value.type.size)


def _is_small(region: Region) -> bool:
    space = region.space
    return (
        space.size if isinstance(space, Flat) else space.kept * space.reduced if isinstance(space, Rows) else SMALL + 1
    ) <= SMALL


def _last_position(region: Region) -> int:
    return max((region.facts.order.get(value.node, 0) for value in region.stores if value.node is not None), default=0)


def describe(region: Region) -> str:
    """A short name: the ops in it."""
    if isinstance(region, LoopRegion):
        return f"the loop of {region.space}"
    nodes = dict.fromkeys(value.node for value in reversed(region.inside))
    names = [node.op.name for node in nodes if node is not None]
    shown = "_".join(names[:4] + (["etc"] if len(names) > 4 else []))
    return f"the kernel {shown or 'copy'}"
