"""The passes of every target, in order: those of every graph, and those of graphs that are run. And the loop that runs them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import config
from .bodies import everywhere
from .graph import Graph, Node
from .journal import Entry, recording
from .passes.align_scalars import align_scalars
from .passes.channel_blocks import channel_blocks
from .passes.channels_first import channels_first
from .passes.cse import eliminate_common_subexpressions
from .passes.dce import eliminate_dead_code
from .passes.drop_unused_results import drop_unused_results
from .passes.expand_composites import expand_composites
from .passes.fold_constants import fold_constants
from .passes.normalization_forms import normalization_forms
from .passes.pooling_forms import pooling_forms
from .passes.run_forms import run_forms
from .passes.simplify import simplify
from .verify import verify_same_meaning, verify_structure

Pass = Callable[[Graph], Graph]

SIMPLIFY: tuple[Pass, ...] = (drop_unused_results, fold_constants, eliminate_common_subexpressions, simplify)
CLEAN: tuple[Pass, ...] = (fold_constants, eliminate_common_subexpressions, eliminate_dead_code)

PIPELINES: dict[str, tuple[Pass, ...]] = {
    "numpy": (*SIMPLIFY, *CLEAN),
    "onnxruntime": (*SIMPLIFY, channels_first, expand_composites("onnxruntime"), *SIMPLIFY, align_scalars, *CLEAN),
    "triton": (*SIMPLIFY, expand_composites("triton"), *SIMPLIFY, *CLEAN),
}

#: What follows before a graph is run, and not before it is exported: these passes make operators that the target's own runtime
#: has and no standard knows, while a file says what is meant. Empty where the executable runs the graph as it is.
RUN_PASSES: dict[str, tuple[Pass, ...]] = {
    "numpy": (),
    "onnxruntime": (
        pooling_forms,
        normalization_forms,
        eliminate_dead_code,
        run_forms,
        eliminate_dead_code,
        channel_blocks,
        eliminate_common_subexpressions,
        eliminate_dead_code,
    ),
    "triton": (),
}


@dataclass(frozen=True)
class Stage:
    """The graph after one pass.

    Attributes:
        name: the pass, ``simplify_2`` where it ran for the second time, or ``traced`` for the graph as it came.
        graph: the graph after it.
        entries: what the pass did and refused to do.
        seconds: how long it took.
    """

    name: str
    graph: Graph
    entries: tuple[Entry, ...] = ()
    seconds: float = 0.0


def optimize(graph: Graph, target: str, watch: Callable[[Stage], None] | None = None, to_run: bool = False) -> list[Stage]:
    """Run the target's passes; returns every stage, the last one is the result.

    Args:
        graph: as traced.
        target: whose passes.
        watch: called with each stage as it is made.
        to_run: True for the `RUN_PASSES`, too: for an executable, not for a file.

    Raises:
        VerificationError: when a pass breaks the graph (always checked) or, with GRAPHKERAS_VERIFY=1, its meaning.
        ValueError: when GRAPHKERAS_SKIP names a pass that does not exist.
    """
    settings = config.current()
    check_skipped(settings.skip)
    checked: set[Node] = set()
    verify_structure(graph, "tracing", checked)
    stages = [Stage("traced", graph)]
    if watch is not None:
        watch(stages[0])
    runs: Counter[str] = Counter()
    for run in (*PIPELINES[target], *(RUN_PASSES[target] if to_run else ())):
        if run.__name__ in settings.skip:
            continue
        started = time.perf_counter()
        with recording() as entries:
            result = everywhere(run, graph)
        seconds = time.perf_counter() - started
        verify_structure(result, run.__name__, checked)
        if settings.verify:
            verify_same_meaning(graph, result, run.__name__)
        graph = result
        runs[run.__name__] += 1
        name = run.__name__ if runs[run.__name__] == 1 else f"{run.__name__}_{runs[run.__name__]}"
        stages.append(Stage(name, graph, tuple(entries), seconds))
        if watch is not None:
            watch(stages[-1])
    return stages


def check_skipped(names: Sequence[str]) -> None:
    """Raise ValueError if one of `names` is no pass of any target."""
    known = sorted({run.__name__ for passes in (*PIPELINES.values(), *RUN_PASSES.values()) for run in passes})
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"GRAPHKERAS_SKIP names {', '.join(map(repr, unknown))}; the passes are {', '.join(known)}.")
