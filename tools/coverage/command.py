"""How much of Keras's API is there and works: ``python -m graphkeras.tools.coverage``.

Reads a list of Keras's public names (its own by default) and counts, per namespace and tier: names that exist; signatures equal
to Keras's; and for functions that have sample calls (`tools/coverage/calls`), how many work on arrays, on symbols, on
each target and under gradients. A count stands against the number of names that it makes sense for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from graphkeras.compiler import config

from .api_list import OUR_COPY, Symbol, read_list
from .exercise import WAYS
from .refusals import REFUSALS
from .survey import Finding, survey

COLUMNS = ("exists", "signature", *WAYS)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status is 1 if --require asks for tiers that are not complete."""
    options = arguments(argv)
    former = config.update(device="interpreter")
    try:
        findings = survey(chosen(read_list(options.list), options), [way for way in WAYS if way not in options.skip])
    finally:
        config.update(device=former.device)
    console = Console(width=None if sys.stdout.isatty() else 160)
    incomplete = [found for found in findings if found.gaps and found.symbol.tier in options.require]
    if options.gaps:
        options.gaps.write_text("".join(f"{line}\n" for line in gap_lines(findings)), encoding="utf-8")
    if options.json:
        print(json.dumps(as_json(findings), indent=1))
    else:
        console.print(table_of(findings))
        if options.missing:
            console.print(gaps_of(findings))
            console.print(refusals_of(findings))
    if incomplete:
        names = ", ".join(found.symbol.path for found in incomplete[:10])
        print(f"{len(incomplete)} names of the required tiers have gaps: {names}, ... (--missing tells)", file=sys.stderr)
    return 1 if incomplete else 0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m graphkeras.tools.coverage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", type=Path, default=OUR_COPY, help="a tab-separated list: symbol, tier, kind, signature")
    parser.add_argument("--namespace", default="", help="such as keras.ops; those below it as well")
    parser.add_argument("--tier", type=numbers, default=(), help="such as 1,2; all by default")
    parser.add_argument("--skip", type=words, default=(), help=f"ways not to try, of {', '.join(WAYS)}")
    parser.add_argument("--missing", action="store_true", help="list every gap")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")
    parser.add_argument("--gaps", type=Path, help="write a line for each gap there: name and column")
    parser.add_argument("--require", type=numbers, default=(), help="tiers that must have no gap, else exit with status 1")
    return parser.parse_args(argv)


def numbers(text: str) -> tuple[int, ...]:
    """``1,2`` as numbers."""
    return tuple(int(part) for part in text.split(","))


def words(text: str) -> tuple[str, ...]:
    """``triton,gradient`` as ways.

    Raises:
        ArgumentTypeError: for a way that does not exist.
    """
    found = tuple(part.strip() for part in text.split(","))
    wrong = [word for word in found if word not in WAYS]
    if wrong:
        raise argparse.ArgumentTypeError(f"no way {wrong[0]!r}; there are {', '.join(WAYS)}")
    return found


def chosen(symbols: Iterable[Symbol], options: argparse.Namespace) -> list[Symbol]:
    """The symbols that the options ask for."""
    space = options.namespace
    return [
        symbol
        for symbol in symbols
        if (not space or symbol.namespace == space or symbol.namespace.startswith(f"{space}."))
        and (not options.tier or symbol.tier in options.tier)
    ]


def count(findings: Sequence[Finding], column: str) -> str:
    """``131/136``: how many have no gap there, of those for which the column makes sense."""
    if column == "exists":
        apply = list(findings)
    elif column == "signature":
        apply = [found for found in findings if found.exists and found.symbol.kind != "constant"]
    else:
        apply = [found for found in findings if column in found.ways]
    good = sum(column not in found.gaps for found in apply)
    if not apply:
        return "-"
    text = f"{good}/{len(apply)}"
    return text if good == len(apply) else f"[yellow]{text}[/]"


def table_of(findings: Sequence[Finding]) -> Table:
    table = Table(title="names without a gap, of those it makes sense for", title_justify="left")
    table.add_column("namespace")
    for column in ("tier", *COLUMNS):
        table.add_column(column, justify="right")
    groups: dict[tuple[str, int], list[Finding]] = {}
    for found in findings:
        groups.setdefault((found.symbol.namespace, found.symbol.tier), []).append(found)
    for (namespace, tier), group in sorted(groups.items()):
        table.add_row(namespace, str(tier), *(count(group, column) for column in COLUMNS))
    table.add_section()
    table.add_row("all", "", *(count(findings, column) for column in COLUMNS))
    return table


def gap_lines(findings: Sequence[Finding]) -> list[str]:
    """``keras.ops.sort exists`` for each gap, sorted."""
    return sorted(f"{found.symbol.path} {column}" for found in findings for column in found.gaps)


def gaps_of(findings: Sequence[Finding]) -> Table:
    table = Table("name", "tier", "gap", title="gaps", title_justify="left")
    for found in sorted(findings, key=lambda found: (found.symbol.tier, found.symbol.path)):
        told: dict[str, list[str]] = {}
        for column, problem in found.gaps.items():
            told.setdefault(problem, []).append(column)
        for problem, columns in told.items():
            gap = problem if columns == ["exists"] else f"{', '.join(columns)}: {problem}"
            table.add_row(found.symbol.path, str(found.symbol.tier), gap)
    return table


def refusals_of(findings: Sequence[Finding]) -> Table:
    table = Table("name", "where", "why", title="refused on purpose, in some calls", title_justify="left")
    for found in findings:
        for way in found.refused:
            table.add_row(found.symbol.path, way, REFUSALS[found.symbol.name][way])
    return table


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "symbol": found.symbol.path,
            "tier": found.symbol.tier,
            "kind": found.symbol.kind,
            "exists": found.exists,
            "signature": found.signature,
            **found.ways,
            "refused": sorted(found.refused),
        }
        for found in findings
    ]
