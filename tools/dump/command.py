"""The command line of `graphkeras-dump`, and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from graphkeras.compiler import driver
from graphkeras.compiler.config import TARGETS
from graphkeras.compiler.dump_folder import entry_lines
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.onnx_lowering.text import model_text
from graphkeras.compiler.pipeline import Stage
from graphkeras.compiler.printer import attr_text, graph_text, unique_names

from .costs import Costs, as_json, bound, costs_of, onnx_summary, table_of
from .errors import DumpError
from .memory import memory_text
from .story import DEFAULT_BATCH, PROGRAM, Story, tell
from .subjects import Subject, find_subject

EPILOG = """examples:
  graphkeras-dump digits.keras                              summary, and the graph as traced
  graphkeras-dump digits.keras --train --stage program      the training step as it runs
  graphkeras-dump my_models:build --target triton --diff    what each pass changed, and why
  graphkeras-dump digits.onnx                               an exported model
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    result = argparse.ArgumentParser(
        prog="graphkeras-dump",
        description="Print what a model costs and its graph at a stage of compilation.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    result.add_argument("subject", metavar="FILE|module:object", help=".keras, .h5, .onnx, a graph's text, or a Python object")
    result.add_argument("--stage", default="traced", help=f"traced, a pass, or {PROGRAM} (default: traced); see --list-stages")
    result.add_argument("--train", action="store_true", help="the training step; the model must be compiled")
    result.add_argument("--target", choices=TARGETS, help="what to compile for (default: the configured target)")
    result.add_argument("--batch", type=_positive, metavar="N", help="put N for the batch size in types and costs")
    result.add_argument("--diff", action="store_true", help="what each pass changed and why, instead of one stage")
    result.add_argument("--memory", action="store_true", help="how much memory a run takes, and where it is most")
    result.add_argument("--list-stages", action="store_true", help="the stages, with their number of nodes and their time")
    result.add_argument(
        "--import", dest="modules", action="append", default=[], metavar="MODULE", help="where a file's own classes are defined"
    )
    result.add_argument("--full", action="store_true", help="the data of all constants, so that the text can be parsed back")
    result.add_argument("--json", action="store_true", help="everything as JSON")
    result.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to the terminal")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 2 with a message for what cannot be dumped."""
    options = parser().parse_args(arguments)
    try:
        text = _dump(options)
        if options.output is not None:
            options.output.write_text(text, encoding="utf-8")
        elif text:
            sys.stdout.write(text)
    except DumpError as error:
        print(f"graphkeras-dump: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"graphkeras-dump: {error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 0
    return 0


def _dump(options: argparse.Namespace) -> str:
    subject = find_subject(options.subject, options.train, options.modules)
    if subject.onnx_model is not None:
        return _dump_onnx(subject, options)
    assert subject.graph is not None
    sizes = {} if options.batch is None else {"batch": options.batch}
    story = tell(subject.graph, driver.resolve_target(options.target), sizes)
    if options.stage != PROGRAM:
        story.stage(options.stage)
    costs = costs_of(story.stages[0].graph, subject.model)
    if options.json:
        return json.dumps(_everything(subject, story, costs, options, sizes), indent=2) + "\n"
    if options.list_stages:
        return _stages_text(story)
    if options.memory:
        program = story.stages[-1].graph
        return memory_text(program, story.target, {**dict.fromkeys(program.symbols, DEFAULT_BATCH), **sizes})
    title = f"{subject.graph.name} ({subject.name})" + (f", {bound(sizes)}" if sizes else "")
    parts = [] if _shown_as_table(options, title, costs) else [_table_text(title, costs)]
    if options.diff:
        parts += [_diff_text(story, sizes)]
    else:
        parts += [_stage_text(story, options, sizes)]
    return "\n".join(parts)


# ---- the summary ---------------------------------------------------------------------------------------------------------


def _shown_as_table(options: argparse.Namespace, title: str, costs: Costs) -> bool:
    """On a terminal the summary is a table in colour; then nothing is left to print of it."""
    console = Console()
    if options.output is not None or not console.is_terminal:
        return False
    heading, lines = table_of(costs)
    table = Table(title=escape(title), title_justify="left")
    for number, name in enumerate(heading):
        table.add_column(name, justify="left" if number < heading.index("nodes") else "right", overflow="fold")
    *parts, total = lines
    for number, line in enumerate(parts, start=1):
        table.add_row(*map(escape, line), end_section=number == len(parts))
    table.add_row(*map(escape, total), style="bold")
    console.print(table)
    return True


def _table_text(title: str, costs: Costs) -> str:
    heading, lines = table_of(costs)
    widths = [max(len(line[column]) for line in [heading, *lines]) for column in range(len(heading))]
    left = heading.index("nodes")

    def row(cells: list[str]) -> str:
        aligned = [f"{cell:{width}}" if k < left else f"{cell:>{width}}" for k, (cell, width) in enumerate(zip(cells, widths))]
        return "  ".join(aligned).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([title, "", row(heading), rule, *map(row, lines[:-1]), rule, row(lines[-1]), ""])


# ---- stages --------------------------------------------------------------------------------------------------------------


def _stage_text(story: Story, options: argparse.Namespace, sizes: dict[str, int]) -> str:
    if options.stage == PROGRAM:
        return f"# what runs on {story.target}{_assumed(story, sizes)}\n{story.program(sizes)[0].rstrip()}\n"
    stage = story.stage(options.stage)
    heading = "as traced" if stage is story.stages[0] else f"after {stage.name}, for {story.target}"
    return f"# {heading}\n{graph_text(stage.graph, elide=not options.full)}\n"


def _assumed(story: Story, sizes: dict[str, int]) -> str:
    open_sizes = sorted(story.stages[-1].graph.symbols - set(sizes))
    if story.target != "triton" or not open_sizes:
        return ""
    return f", for {bound(dict.fromkeys(open_sizes, DEFAULT_BATCH))} (choose with --batch)"


def _stages_text(story: Story) -> str:
    width = max(map(len, story.names))
    lines = [f"{'stage':{width}}  nodes  changes       ms   for the target {story.target}"]
    for stage in story.stages:
        done = sum(not entry.refused for entry in stage.entries)
        lines.append(f"{stage.name:{width}}  {len(stage.graph.nodes):5}  {done:7}  {stage.seconds * 1000:7.1f}")
    return "\n".join([*lines, PROGRAM]) + "\n"


def _diff_text(story: Story, sizes: dict[str, int]) -> str:
    lines: list[str] = []
    for before, after in zip(story.stages, story.stages[1:]):
        lines.append(f"==== {after.name}: {len(before.graph.nodes)} -> {len(after.graph.nodes)} nodes")
        lines += [f"  * {line}" for line in entry_lines(after.entries)]
        lines += _changes(before, after)
    _, entries = story.program(sizes)
    if entries:
        lines += ["==== lowering", *(f"  * {line}" for line in entry_lines(entries))]
    return "\n".join(lines) + "\n"


def _changes(before: Stage, after: Stage) -> list[str]:
    old, new = (graph_text(stage.graph, elide=True).splitlines() for stage in (before, after))
    found = list(unified_diff(old, new, before.name, after.name, n=1, lineterm=""))
    return found or ["  nothing changed"]


# ---- JSON ----------------------------------------------------------------------------------------------------------------


def _everything(
    subject: Subject, story: Story, costs: Costs, options: argparse.Namespace, sizes: dict[str, int]
) -> dict[str, Any]:
    program, entries = story.program(sizes) if options.stage == PROGRAM else (None, ())
    stage = story.stages[-1] if options.stage == PROGRAM else story.stage(options.stage)
    return {
        "subject": subject.name,
        "target": story.target,
        "sizes": sizes,
        "summary": as_json(costs),
        "stages": [
            {
                "name": each.name,
                "nodes": len(each.graph.nodes),
                "seconds": each.seconds,
                "entries": [vars(entry) for entry in each.entries],
            }
            for each in story.stages
        ],
        "stage": options.stage,
        "graph": _graph_json(stage.graph, full=options.full),
        "program": program,
        "lowering": [vars(entry) for entry in entries],
    }


def _graph_json(graph: Graph, full: bool) -> dict[str, Any]:
    names = unique_names(graph)
    return {
        "name": graph.name,
        "inputs": [{"name": names[value], "type": str(value.type)} for value in graph.inputs],
        "state": [
            {"name": slot.name, "type": str(slot.input.type), "input": names[slot.input], "output": names[slot.output]}
            for slot in graph.state
        ],
        "nodes": [
            {
                "op": node.op.name,
                "operands": [names[value] for value in node.inputs],
                "attributes": {key: _attribute(value, full) for key, value in node.attrs.items()},
                "results": [{"name": names[value], "type": str(value.type)} for value in node.outputs],
                "scope": node.origin.scope,
                "source": node.origin.source,
                "gradient_of": node.origin.forward,
                "flops": flops if isinstance(flops := node.op.flops(node), int) else str(flops),
            }
            for node in graph.nodes
        ],
        "outputs": {name: names[value] for name, value in zip(graph.output_names, graph.outputs)},
    }


def _attribute(value: Any, full: bool) -> Any:
    """An attribute as text; a body as a graph."""
    return _graph_json(value, full) if isinstance(value, Graph) else attr_text(value, elide=not full)


# ---- ONNX files ----------------------------------------------------------------------------------------------------------


def _dump_onnx(subject: Subject, options: argparse.Namespace) -> str:
    assert subject.onnx_model is not None
    if options.stage not in ("traced", PROGRAM) or options.diff:
        raise DumpError(f"{subject.name} is a finished program: it has no stages but {PROGRAM!r}.")
    if options.list_stages:
        return f"{PROGRAM}\n"
    summary, text = onnx_summary(subject.onnx_model), model_text(subject.onnx_model)
    if options.json:
        return json.dumps({"subject": subject.name, "summary": summary, "program": text}, indent=2) + "\n"
    ops = ", ".join(f"{count} {op}" for op, count in summary.pop("ops").items())
    opset = ", ".join(f"{domain} {version}" for domain, version in summary.pop("opset").items())
    lines = [f"{key:11} {value:,}" if isinstance(value, int) else f"{key:11} {value}" for key, value in summary.items()]
    return "\n".join([subject.name, "", *lines, f"{'opset':11} {opset}", f"{'operators':11} {ops}", "", text, ""])


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a positive whole number, got {text!r}")
    return int(text)
