"""How fast single operations and their gradients are on a CPU, beside others: ``python -m graphkeras.tools.bench.ops``.

Each operation is compiled alone, on the same numbers everywhere: by onnxruntime in graphkeras, jitted in JAX, eager in torch.
*forward* is the operation; *gradients* is the operation and the gradients of all its float operands, with its result as the
upstream gradient. Every framework runs in a process of its own; rounds take turns, so that a disturbance of the machine hits
all alike; a time is the least of a round, and ratios are ours over the better of the others in the same round (below 1 we are
faster). A framework whose figures of the results differ from ours gets no time. ``--python`` names the interpreter that has
the others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .cpu import Peer, Process, installed
from .op_rows import ROWS, Row

PEERS = (
    Peer("graphkeras", "ops_of_graphkeras", ()),
    Peer("torch", "ops_of_torch", ("torch",)),
    Peer("JAX", "ops_of_jax", ("jax",)),
)
#: Figures of results may differ by this much, relative to the greater one.
FIGURE_TOLERANCE = 2e-3
#: A row is slow if ours takes more than this many times the better of the others.
SLOW = 1.5


@dataclass
class Timing:
    """One row, forward or with gradients.

    Attributes:
        seconds: of each round, for each framework that has times.
        errors: why the others have none.
    """

    family: str
    name: str
    gradient: bool
    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        """Ours over the better of the others, of each round."""
        ours = self.seconds.get(PEERS[0].name, [])
        others = [seconds for name, seconds in self.seconds.items() if name != PEERS[0].name]
        return [own / min(theirs) for own, *theirs in zip(ours, *others)] if others else []


def measure(row: Row, gradient: bool, processes: Sequence[Process], rounds: int, seconds: float, clock: str = "wall") -> Timing:
    """Build everywhere, compare figures of the results, then measure in turns."""
    timing = Timing(row.family, row.name, gradient)
    figures: list[float] = []
    for process in processes:
        answer = process.ask("build", name=row.name, gradient=gradient)
        error = answer.get("error", "")
        if not error:
            figures = figures or answer["checksums"]
            error = figure_difference(answer["checksums"], figures)
        if error:
            timing.errors[process.peer.name] = error
    for turn in range(rounds):
        for process in [*processes[turn % len(processes) :], *processes[: turn % len(processes)]]:
            name = process.peer.name
            if name not in timing.errors:
                timing.seconds.setdefault(name, []).append(process.ask("measure", seconds=seconds, clock=clock)["seconds"])
    return timing


def figure_difference(theirs: Sequence[float], ours: Sequence[float]) -> str:
    """ "" if figures of results agree, else which does not."""
    if len(theirs) != len(ours):
        return f"INVALID: {len(theirs)} results, ours {len(ours)}"
    for number, (one, other) in enumerate(zip(theirs, ours)):
        if not abs(one - other) <= FIGURE_TOLERANCE * max(abs(one), abs(other), 1e-6):
            return f"INVALID: mean magnitude of result {number} is {one:.6g}, ours {other:.6g}"
    return ""


def ratio_text(ratios: Sequence[float]) -> str:
    """``1.20 (0.95-1.43)``"""
    if not ratios:
        return "-"
    text = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    return f"[red]{text}[/]" if statistics.median(ratios) > SLOW else text


def table_of(timings: Iterable[Timing]) -> Table:
    table = Table(title="milliseconds, and ours over the better of the others (least-most of rounds)", title_justify="left")
    table.add_column("operation")
    for column in ("forward", "torch", "JAX", "ratio", "gradients", "torch", "JAX", "ratio"):
        table.add_column(column, justify="right")
    rows: dict[tuple[str, str], dict[bool, Timing]] = {}
    for timing in timings:
        rows.setdefault((timing.family, timing.name), {})[timing.gradient] = timing
    family = ""
    for (new_family, name), both in rows.items():
        if family and new_family != family:
            table.add_section()
        family = new_family
        cells: list[str] = []
        for gradient in (False, True):
            one = both.get(gradient)
            cells += [time_text(one, peer.name) for peer in PEERS] if one else ["-"] * len(PEERS)
            cells.append(ratio_text(one.ratios) if one else "-")
        table.add_row(name, *cells)
    return table


def time_text(timing: Timing, peer: str) -> str:
    """Milliseconds, or why there are none."""
    if timing.errors.get(peer):
        return "invalid" if timing.errors[peer].startswith("INVALID") else "failed"
    return f"{statistics.median(timing.seconds[peer]) * 1e3:.3f}" if timing.seconds.get(peer) else "-"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    families = list(dict.fromkeys(row.family for row in ROWS))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the other frameworks")
    parser.add_argument(
        "--rows", default=",".join(families), help=f"families or rows, comma-separated; of {', '.join(families)}"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="of one measurement")
    parser.add_argument("--threads", type=int, default=1, help="cores that every framework may use; 0: all")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: time of processors; for busy machines")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else 150)
    wanted = {name.strip() for name in options.rows.split(",")}
    processes = [Process(PEERS[0], sys.executable, options.threads)]
    for peer in PEERS[1:]:
        if installed(options.python, peer.needs):
            processes.append(Process(peer, options.python, options.threads))
        else:
            console.print(f"{peer.name}: not installed")
    timings: list[Timing] = []
    try:
        versions = {process.peer.name: process.ask("versions") for process in processes}
        console.print("; ".join(answer.get("versions") or str(answer.get("error")) for answer in versions.values()))
        for row in ROWS:
            if wanted & {row.family, row.name}:
                for gradient in (False, True) if row.gradient else (False,):
                    timings.append(measure(row, gradient, processes, options.rounds, options.seconds, options.clock))
    finally:
        for process in processes:
            process.close()
    console.print(table_of(timings))
    for timing in timings:
        for peer_name, error in timing.errors.items():
            console.print(f"{timing.name}{' with gradients' if timing.gradient else ''}, {peer_name}: {error}")
    if options.json:
        everything = {"machine": platform.platform(), "processors": os.cpu_count(), "threads": options.threads}
        everything |= {"versions": versions, "timings": [asdict(timing) for timing in timings]}
        options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
