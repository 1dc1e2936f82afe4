"""Which regions must run before which others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..graph import Value
from .region import Region


def writers(regions: Sequence[Region]) -> dict[Value, int]:
    """The number of the region that computes each stored value."""
    return {value: number for number, region in enumerate(regions) for value in region.writes}


class Reach:
    """Regions, and the order that their needs impose; regions come and go while they are fused.

    Attributes:
        regions: those that are there, in the order in which they came.
        users: the regions that need a value from memory.
    """

    def __init__(self) -> None:
        self.regions: dict[Region, None] = {}
        self.users: dict[Value, dict[Region, None]] = {}
        self._writer: dict[Value, Region] = {}
        self._before: dict[Region, set[Region]] = {}
        self._next: dict[Region, set[Region]] = {}
        self._number: dict[Region, int] = {}  # of each region, as far as `_after` is known
        self._after: list[int] = []  # for every region the set of regions after it, as the bits of an integer

    def add(self, region: Region) -> None:
        self.regions[region] = None
        self._before[region], self._next[region] = set(), set()
        for value in region.writes:
            self._writer[value] = region
            for user in self.users.get(value, ()):
                self._link(region, user)
        for value in region.needs:
            self.users.setdefault(value, {})[region] = None
            if value in self._writer:
                self._link(self._writer[value], region)
        self._after = []

    def remove(self, region: Region) -> None:
        del self.regions[region]
        for value in region.needs:
            del self.users[value][region]
        for value in region.writes:
            del self._writer[value]
        for other in self._before.pop(region):
            self._next[other].remove(region)
        for other in self._next.pop(region):
            self._before[other].remove(region)
        self._after = []

    def _link(self, first: Region, second: Region) -> None:
        if first is not second:
            self._next[first].add(second)
            self._before[second].add(first)

    def leads(self, first: Region, second: Region) -> bool:
        """True if `second` needs something that depends on what `first` writes."""
        self._find_after()
        return bool(self._after[self._number[first]] >> self._number[second] & 1)

    def leads_around(self, first: Region, second: Region) -> bool:
        """The same by way of a third region."""
        return any(self.leads(between, second) for between in self._next[first] if between is not second)

    def in_order(self, rank: Callable[[Region], int]) -> list[Region]:
        """Every region after those whose results it needs; among those that could be next, the one of lowest rank first."""
        place = {region: (rank(region), number) for number, region in enumerate(self.regions)}
        order: list[Region] = []
        done: set[Region] = set()
        for root in sorted(self.regions, key=place.__getitem__):
            stack = [root]
            while stack:
                region = stack[-1]
                missing = [other for other in self._before[region] if other not in done]
                if missing and region not in done:
                    stack.extend(sorted(missing, key=place.__getitem__, reverse=True))
                    continue
                stack.pop()
                if region not in done:
                    done.add(region)
                    order.append(region)
        return order

    def _find_after(self) -> None:
        """Fill `_after`, from the regions that nothing follows backwards."""
        if self._after:
            return
        self._number = {region: number for number, region in enumerate(self.regions)}
        self._after = [0] * len(self.regions)
        waiting = {region: len(following) for region, following in self._next.items()}
        ready = [region for region, count in waiting.items() if count == 0]
        while ready:
            region = ready.pop()
            after = 0
            for following in self._next[region]:
                number = self._number[following]
                after |= self._after[number] | 1 << number
            self._after[self._number[region]] = after
            for other in self._before[region]:
                waiting[other] -= 1
                if waiting[other] == 0:
                    ready.append(other)
