"""Places for the boxes of a diagram with arrows: in layers, with few crossings and short ways.

Source: Sugiyama, Tagawa, Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981. The layers follow
one another along the depth; across them lies the breadth. Arrows over several layers get a place in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Point = tuple[float, float]  # along the breadth, along the depth

GAP_BREADTH, GAP_DEPTH = 24.0, 34.0
SWEEPS = 12


@dataclass(frozen=True)
class Layout:
    """Where everything is.

    Attributes:
        centers: of each box.
        routes: for each arrow the points on its way, from the edge of its first box to the edge of its second.
        size: breadth and depth of the whole.
    """

    centers: list[Point]
    routes: list[list[Point]]
    size: Point


@dataclass
class _Cell:
    """A box, or the place of a passing arrow in one layer (no box: breadth 0)."""

    breadth: float
    layer: int
    before: list[_Cell] = field(default_factory=list)
    behind: list[_Cell] = field(default_factory=list)
    place: float = 0.0
    order: int = 0


def layered(sizes: Sequence[Point], arrows: Sequence[tuple[int, int]]) -> Layout:
    """Lay out boxes of these sizes. `arrows` are pairs of box numbers without a cycle; one from a box to itself is left out.

    Args:
        sizes: breadth and depth of each box.
        arrows: (start, end) pairs.
    """
    depth_of = _layers(len(sizes), arrows)
    boxes = [_Cell(size[0], depth_of[k]) for k, size in enumerate(sizes)]
    layers: list[list[_Cell]] = [[] for _ in range(max(depth_of, default=-1) + 1)]
    for box in boxes:
        layers[box.layer].append(box)
    ways = [_way(boxes[start], boxes[end], layers) for start, end in arrows]
    _order(layers)
    _spread(layers)
    left = min((cell.place - cell.breadth / 2 for layer in layers for cell in layer), default=0.0)
    right = max((cell.place + cell.breadth / 2 for layer in layers for cell in layer), default=0.0)
    thickness = [0.0] * len(layers)
    for box, (_, thick) in zip(boxes, sizes, strict=True):
        thickness[box.layer] = max(thickness[box.layer], thick)
    tops = [sum(thickness[:number]) + GAP_DEPTH * number for number in range(len(layers))]
    middles = [top + thick / 2 for top, thick in zip(tops, thickness, strict=True)]
    centers = [(box.place - left, middles[box.layer]) for box in boxes]
    routes = []
    for (start, end), way in zip(arrows, ways, strict=True):
        first = (centers[start][0], centers[start][1] + sizes[start][1] / 2)
        last = (centers[end][0], centers[end][1] - sizes[end][1] / 2)
        passed = [point for cell in way for point in _through(cell.place - left, tops[cell.layer], thickness[cell.layer])]
        routes.append([first, *passed, last])
    total = tops[-1] + thickness[-1] if layers else 0.0
    return Layout(centers, routes, (right - left, total))


def _through(place: float, top: float, thick: float) -> list[Point]:
    """An arrow passes a layer straight."""
    return [(place, top), (place, top + thick)]


def _layers(count: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """For each box the length of the longest way to it."""
    depth = [0] * count
    for _ in range(count):
        former = list(depth)
        for start, end in arrows:
            if start != end:
                depth[end] = max(depth[end], depth[start] + 1)
        if depth == former or max(depth) >= count:
            break
    return depth


def _way(start: _Cell, end: _Cell, layers: list[list[_Cell]]) -> list[_Cell]:
    """The cells between two boxes, which are linked with them."""
    way = [_Cell(0.0, number) for number in range(start.layer + 1, end.layer)]
    for cell in way:
        layers[cell.layer].append(cell)
    chain = [start, *way, end]
    for one, other in pairwise(chain):
        one.behind.append(other)
        other.before.append(one)
    return way


def _order(layers: list[list[_Cell]]) -> None:
    """Order the cells of each layer by the means of their neighbours' places, up and down, and keep the best order seen."""
    _number(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers[1:] if downwards else layers[-2::-1]:
            layer.sort(key=lambda cell: _mean([one.order for one in (cell.before if downwards else cell.behind)], cell.order))
            for order, cell in enumerate(layer):
                cell.order = order
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best
    _number(layers)


def _number(layers: list[list[_Cell]]) -> None:
    for layer in layers:
        for order, cell in enumerate(layer):
            cell.order = order


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default


def _crossings(layers: list[list[_Cell]]) -> int:
    """How many pairs of links between neighbouring layers cross."""
    count = 0
    for layer in layers:
        links = [(cell.order, other.order) for cell in layer for other in cell.behind]
        count += sum((a - c) * (b - d) < 0 for k, (a, b) in enumerate(links) for c, d in links[:k])
    return count


def _spread(layers: list[list[_Cell]]) -> None:
    """Places along the breadth: near the means of the neighbours, in the order of the layer, and with gaps in between."""
    for layer in layers:
        at = 0.0
        for cell in layer:
            cell.place = at + cell.breadth / 2
            at += cell.breadth + GAP_BREADTH
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            _settle(layer, sweep % 2 == 0)


def _settle(layer: list[_Cell], downwards: bool) -> None:
    """Move the cells of a layer as near to where they want to be as their order allows.

    Neighbours that want to overlap form a block, which stands at the mean of what its cells want.
    """
    blocks: list[tuple[list[_Cell], float, float]] = []  # cells, where the first one's left edge wants to be, breadth
    for cell in layer:
        near = (cell.before if downwards else cell.behind) or cell.before + cell.behind
        wanted = _mean([one.place for one in near], cell.place) - cell.breadth / 2
        cells, left, breadth = [cell], wanted, cell.breadth
        while blocks and blocks[-1][1] + blocks[-1][2] + GAP_BREADTH > left:
            earlier, other, size = blocks.pop()
            shifted = left - size - GAP_BREADTH
            left = (other * len(earlier) + shifted * len(cells)) / (len(earlier) + len(cells))
            cells, breadth = earlier + cells, size + GAP_BREADTH + breadth
        blocks.append((cells, left, breadth))
    for cells, left, _ in blocks:
        for cell in cells:
            cell.place = left + cell.breadth / 2
            left += cell.breadth + GAP_BREADTH
