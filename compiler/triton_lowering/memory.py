"""The memory plan: where in one arena every array lies, so that arrays that live at the same time do not overlap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ALIGNMENT = 256


@dataclass(frozen=True)
class Lifetime:
    """An array and the launches during which it must keep its contents, the first and the last one included."""

    name: str
    nbytes: int
    first: int
    last: int


def plan_arena(lifetimes: Iterable[Lifetime]) -> tuple[dict[str, int], int]:
    """Offsets by name, and the size of the arena.

    The largest arrays are placed first, each into the smallest gap that is free during its life.
    """
    offsets: dict[str, int] = {}
    placed: list[tuple[int, int, Lifetime]] = []
    total = 0
    for lifetime in sorted(lifetimes, key=lambda each: (-each.nbytes, each.first, each.name)):
        size = -(-lifetime.nbytes // ALIGNMENT) * ALIGNMENT
        busy = sorted((start, end) for start, end, other in placed if _overlap(lifetime, other) and end > start)
        offset = _best_gap(busy, size)
        offsets[lifetime.name] = offset
        placed.append((offset, offset + size, lifetime))
        total = max(total, offset + size)
    return offsets, total


def _overlap(a: Lifetime, b: Lifetime) -> bool:
    return a.first <= b.last and b.first <= a.last


def _best_gap(busy: list[tuple[int, int]], size: int) -> int:
    """The start of the smallest gap that holds `size` bytes; the end of all that is busy if there is none."""
    best: tuple[int, int] | None = None
    end = 0
    for start, stop in busy:
        if start - end >= size and size and (best is None or start - end < best[0]):
            best = (start - end, end)
        end = max(end, stop)
    return best[1] if best is not None else end if size else 0
