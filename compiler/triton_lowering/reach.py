"""Which regions must run before which others."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Value
from .region import Region


def writers(regions: Sequence[Region]) -> dict[Value, int]:
    """The number of the region that computes each stored value."""
    return {value: number for number, region in enumerate(regions) for value in region.writes}


class Reach:
    """The order that the regions' needs impose, for one state of the fusion."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self.regions = list(regions)
        self._number = {id(region): number for number, region in enumerate(regions)}
        writer = writers(regions)
        self._before: list[set[int]] = [
            {writer[value] for value in region.needs if value in writer} - {number} for number, region in enumerate(regions)
        ]
        self._next: list[set[int]] = [set() for _ in regions]
        for number, before in enumerate(self._before):
            for other in before:
                self._next[other].add(number)
        self._after = self._everything_after()

    def leads(self, first: Region, second: Region) -> bool:
        """True if `second` needs something that depends on what `first` writes."""
        return bool(self._after[self._number[id(first)]] >> self._number[id(second)] & 1)

    def leads_around(self, first: Region, second: Region) -> bool:
        """The same by way of a third region."""
        target = self._number[id(second)]
        between = self._next[self._number[id(first)]] - {target}
        return any(self._after[number] >> target & 1 for number in between)

    def in_order(self, rank: Sequence[int]) -> list[Region]:
        """Every region after those whose results it needs; among those that could be next, the one of lowest rank first."""
        order: list[Region] = []
        done: set[int] = set()
        for root in sorted(range(len(self.regions)), key=rank.__getitem__):
            stack = [root]
            while stack:
                number = stack[-1]
                missing = [other for other in self._before[number] if other not in done]
                if missing and number not in done:
                    stack.extend(sorted(missing, key=rank.__getitem__, reverse=True))
                    continue
                stack.pop()
                if number not in done:
                    done.add(number)
                    order.append(self.regions[number])
        return order

    def _everything_after(self) -> list[int]:
        """For every region the set of regions after it, as the bits of an integer."""
        after = [0] * len(self.regions)
        waiting = [len(following) for following in self._next]
        ready = [number for number, count in enumerate(waiting) if count == 0]
        while ready:
            number = ready.pop()
            for following in self._next[number]:
                after[number] |= after[following] | 1 << following
            for other in self._before[number]:
                waiting[other] -= 1
                if waiting[other] == 0:
                    ready.append(other)
        return after
