"""What is there of each name of a list, and what works."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import graphkeras
from graphkeras.operation import OpFunction

from .api_list import Symbol
from .calls import FAMILIES
from .calls.call import Call
from .exercise import WAYS, exercise
from .refusals import is_refusal
from .signatures import difference


@dataclass(frozen=True)
class Finding:
    """What is known of one name.

    Attributes:
        exists: whether `graphkeras` has it.
        signature: how its signature differs from Keras's; "" if it does not.
        ways: for each way of making calls that applies: "" if all sample calls work, else what is wrong with one.
        refused: for some ways, a call that is refused there on purpose.
    """

    symbol: Symbol
    exists: bool
    signature: str = ""
    ways: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def gaps(self) -> dict[str, str]:
        """Everything that is missing, by column."""
        if not self.exists:
            return {"exists": "missing"}
        found = {"signature": self.signature} if self.signature else {}
        return found | {way: told for way, told in self.ways.items() if told}


def calls_by_path() -> dict[str, list[Call]]:
    """All sample calls, by what they call."""
    found: dict[str, list[Call]] = {}
    for calls in FAMILIES.values():
        for call in calls:
            found.setdefault(call.path, []).append(call)
    return found


def survey(symbols: Iterable[Symbol], ways: Sequence[str] = WAYS) -> list[Finding]:
    """Look at every symbol; functions that have sample calls are run."""
    calls = calls_by_path()
    return [look_at(symbol, calls.get(symbol.path, ()), ways) for symbol in symbols]


def look_at(symbol: Symbol, calls: Sequence[Call], ways: Sequence[str] = WAYS) -> Finding:
    """One symbol."""
    found = lookup(symbol.path)
    if found is None:
        return Finding(symbol, exists=False)
    signature = difference(found, symbol.signature) if symbol.kind != "constant" else ""
    told: dict[str, str] = {}
    refused: dict[str, str] = {}
    for call in calls:
        for way, problem in exercise(call, ways).items():
            text = problem and f"{call.label}: {problem}"
            if is_refusal(symbol.name, way, problem):
                refused[way] = text
            else:
                told[way] = told.get(way) or text
    if isinstance(found, OpFunction) and not calls:
        told = {"eager": f"no sample call in tools/coverage/calls; add call({symbol.name!r}, ...)"}
    return Finding(symbol, True, signature, told, refused)


def lookup(path: str) -> Any:
    """What `graphkeras` has under Keras's path; None if there is no such name."""
    found: Any = graphkeras
    for part in path.split(".")[1:]:
        found = getattr(found, part, None)
    return found
