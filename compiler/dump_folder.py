"""The dump folder: how a graph was compiled, as files that can be opened, searched and compared.

``GRAPHKERAS_DUMP=dir`` makes one folder for each compiled graph::

    dir/train_step/00_traced.txt        the graph as traced; parses back with compiler.parser
    dir/train_step/01_simplify.txt      the graph after the first pass, and so on
    dir/train_step/journal.txt          what each pass did and refused to do, and why
    dir/train_step/program.txt          what runs
    dir/train_step/model.onnx           what runs, on the target onnxruntime
    dir/train_step/kernels/*.py         the generated kernels, where the target has any
    dir/train_step/summary.txt          nodes, operations, memory
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from .executables.base import Executable
from .figures import figures
from .graph import Graph
from .journal import Entry
from .printer import identifier

EXAMPLE_SIZE = 32  # of open sizes, where a program must be made for some


class StageLike(Protocol):
    """A stage of the pipeline; `compiler.pipeline.Stage` is one."""

    @property
    def name(self) -> str: ...
    @property
    def graph(self) -> Graph: ...
    @property
    def entries(self) -> tuple[Entry, ...]: ...
    @property
    def seconds(self) -> float: ...


def write(stages: Sequence[StageLike], executable: Executable, folder: Path) -> Path:
    """Write everything about one compilation into a new folder inside `folder`.

    Returns:
        The new folder: named after the graph; with ``_2``, ``_3``, ... where that name is taken.
    """
    room = _new_folder(folder, identifier(stages[-1].graph.name))
    for number, stage in enumerate(stages):
        (room / f"{number:02}_{stage.name}.txt").write_text(f"{stage.graph}\n", encoding="utf-8")
    _make_a_program(executable)
    (room / "journal.txt").write_text(journal_text(stages, getattr(executable, "entries", ())), encoding="utf-8")
    (room / "program.txt").write_text(f"{executable.source}\n", encoding="utf-8")
    (room / "summary.txt").write_text(summary_text(stages, executable), encoding="utf-8")
    model: bytes = getattr(executable, "model", b"")
    if model:
        (room / "model.onnx").write_bytes(model)
    kernels = kernel_sources(executable)
    if kernels:
        (room / "kernels").mkdir()
    for name, source in kernels.items():
        (room / "kernels" / f"{identifier(name)}.py").write_text(source, encoding="utf-8")
    return room


def _make_a_program(executable: Executable) -> None:
    """Have a target that makes a program for each choice of sizes make one, so that there is something to see."""
    make: Any = getattr(executable, "load", None)
    if make is not None and not getattr(executable, "programs", True):
        make(dict.fromkeys(executable.graph.symbols, EXAMPLE_SIZE))


def kernel_sources(executable: Executable) -> dict[str, str]:
    """The kernels of an executable that has any (it has `programs`), by name; with ``_2``, ... for others of that name."""
    programs: Iterable[Any] = getattr(executable, "programs", ())
    found: dict[str, str] = {}
    for kernel in (launch.kernel for program in programs for launch in program.launches):
        if kernel.source not in found.values():
            names = (kernel.name if number == 1 else f"{kernel.name}_{number}" for number in count(1))
            found[next(name for name in names if name not in found)] = kernel.source
    return found


def journal_text(stages: Iterable[StageLike], lowering: Iterable[Entry] = ()) -> str:
    """What every pass and the lowering did."""
    lines: list[str] = []
    for stage in stages:
        lines.append(f"{stage.name}: {len(stage.graph.nodes)} nodes after it, {stage.seconds * 1000:.1f} ms")
        lines += [f"  {text}" for text in entry_lines(stage.entries)]
    lowered = entry_lines(lowering)
    return "\n".join([*lines, *(["lowering:"] if lowered else []), *(f"  {text}" for text in lowered)]) + "\n"


def entry_lines(entries: Iterable[Entry]) -> list[str]:
    """Entries as lines; equal ones once, with their number."""
    counts = Counter(entry_text(entry) for entry in entries)
    return [f"{text}{f'  x{count}' if count > 1 else ''}" for text, count in counts.items()]


def entry_text(entry: Entry) -> str:
    """One entry as a line: what, why, and whose node it was."""
    refused = "not done: " if entry.refused else ""
    why = f" ({entry.why})" if entry.why else ""
    place = " | ".join(part for part in (entry.scope, entry.source) if part)
    return f"{refused}{entry.what}{why}{f'  # {place}' if place else ''}"


def summary_text(stages: Sequence[StageLike], executable: Executable) -> str:
    """Figures of the graph as traced and as it runs."""
    before, after, stats = figures(stages[0].graph), figures(stages[-1].graph), executable.stats
    rows = [
        ("nodes", before.nodes, after.nodes),
        ("floating-point operations", before.flops, after.flops),
        ("bytes of all results", before.value_bytes, after.value_bytes),
        ("bytes of constants", before.constant_bytes, after.constant_bytes),
        ("elements of variables", before.parameters, after.parameters),
        ("bytes of variables", before.state_bytes, after.state_bytes),
    ]
    lines = [f"graph {stages[-1].graph.name}", f"{'':28} {'traced':>24} {'after all passes':>24}"]
    lines += [f"{name:28} {old!s:>24} {new!s:>24}" for name, old, new in rows]
    lines += ["", f"launches of one run: {stats.launches}", f"bytes of the arena: {stats.arena_bytes}"]
    lines += [f"passes: {sum(stage.seconds for stage in stages) * 1000:.1f} ms; target: {stats.compile_seconds * 1000:.1f} ms"]
    lines += [f"{count:6} {op}" for op, count in after.ops]
    return "\n".join(lines) + "\n"


def _new_folder(folder: Path, name: str) -> Path:
    number = 1
    while True:
        room = folder / (name if number == 1 else f"{name}_{number}")
        try:
            room.mkdir(parents=True)
            return room
        except FileExistsError:
            number += 1
