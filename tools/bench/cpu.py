"""How fast a CPU trains and predicts, side by side with other frameworks: ``python -m graphkeras.tools.bench.cpu``.

Rows are dense networks trained by Adam on the same weights and batches; its epsilon is nearly 0, because torch adds it
elsewhere. Every framework runs in a process of its own; rounds take turns, so that a disturbance of the machine hits all
alike; ratios are of the same round. A framework whose losses differ from ours gets no figures. Frameworks that are not
installed are listed. ``--python`` names the interpreter that has them.

* step: `train_on_batch`, or the loop body that the framework's tutorials show.
* fit: one epoch of `fit` with default callbacks, per step. Frameworks without `fit`: the loop, with the loss summed up.
* predict: `predict` on all batches, per batch.
* run (graphkeras only): the compiled step alone; fit less run is what Python costs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

MEASURES = ("step", "fit", "predict", "run")
#: Losses of all steps may differ by this much, relative to ours.
LOSS_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Row:
    """A network and how it is fed."""

    name: str
    sizes: tuple[int, ...]
    batch_size: int
    batches: int


ROWS = (
    Row("tutorial", (784, 32, 10), 32, 40),
    Row("medium", (784, 512, 512, 10), 128, 20),
    Row("large", (1024, 2048, 2048, 10), 128, 8),
)


@dataclass(frozen=True)
class Peer:
    """A framework: the worker module, and its environment."""

    name: str
    module: str
    needs: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


PEERS = (
    Peer("graphkeras", "peer_keras", (), {"BENCH_KERAS": "graphkeras", "GRAPHKERAS_TARGET": "onnxruntime"}),
    Peer("Keras, JAX", "peer_keras", ("keras", "jax"), {"BENCH_KERAS": "keras", "KERAS_BACKEND": "jax"}),
    Peer("Keras, torch", "peer_keras", ("keras", "torch"), {"BENCH_KERAS": "keras", "KERAS_BACKEND": "torch"}),
    Peer("JAX", "peer_jax", ("jax",)),
    Peer("torch eager", "peer_torch", ("torch",)),
    Peer("torch.compile", "peer_torch", ("torch",), {"BENCH_TORCH_COMPILE": "1"}),
)


@dataclass
class Result:
    """What one framework did in one row: seconds of each round for each measure, or why there are none."""

    peer: str
    first_step_seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    error: str = ""


class Process:
    """A worker process."""

    def __init__(self, peer: Peer, python: str, threads: int) -> None:
        self.peer = peer
        environment = os.environ | peer.environment | {"CUDA_VISIBLE_DEVICES": "", "BENCH_THREADS": str(threads)}
        if threads:
            environment |= {"OMP_NUM_THREADS": str(threads), "GRAPHKERAS_THREADS": str(threads)}
        command = [python, str(Path(__file__).with_name("worker.py")), peer.module]
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed in `close`)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment
        )

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The worker's answer, or {"error": ...}."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return dict(json.loads(line)) if line else {"error": f"the process ended: {self._last_words()}"}

    def _last_words(self) -> str:
        self._log.seek(0)
        return (self._log.read().strip() or "without a word").splitlines()[-1]

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):  # the process may have ended before it read everything
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()


def write_data(row: Row, path: Path) -> None:
    """Glorot-uniform kernels, zero biases, normal inputs and random labels."""
    rng = np.random.default_rng(0)
    count = row.batch_size * row.batches
    arrays = {
        "x": rng.normal(size=(count, row.sizes[0])).astype(np.float32),
        "y": rng.integers(0, row.sizes[-1], count).astype(np.int32),
    }
    for k, (inputs, units) in enumerate(zip(row.sizes, row.sizes[1:])):
        limit = np.sqrt(6 / (inputs + units))
        arrays[f"weight_{2 * k}"] = rng.uniform(-limit, limit, (inputs, units)).astype(np.float32)
        arrays[f"weight_{2 * k + 1}"] = np.zeros(units, np.float32)
    np.savez(path, **arrays)  # type: ignore[arg-type]


def run_row(row: Row, processes: Sequence[Process], rounds: int, seconds: float) -> list[Result]:
    """Build everywhere, compare losses, then measure in turns."""
    results = {process.peer.name: Result(process.peer.name) for process in processes}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        write_data(row, data)
        for process in processes:
            result = results[process.peer.name]
            answer = process.ask("build", data=str(data), batch_size=row.batch_size)
            result.error = answer.get("error", "")
            result.losses = answer.get("losses", [])
            result.first_step_seconds = answer.get("first_step_seconds", 0.0)
    ours = results[processes[0].peer.name].losses
    for result in results.values():
        result.error = result.error or loss_difference(result.losses, ours)
    for turn in range(rounds):
        for process in [*processes[turn % len(processes) :], *processes[: turn % len(processes)]]:
            result = results[process.peer.name]
            for measure in MEASURES if not result.error else ():
                answer = process.ask("measure", what=measure, seconds=seconds)
                result.error = answer.get("error", "")
                if answer.get("seconds") is not None:
                    result.seconds.setdefault(measure, []).append(answer["seconds"])
    return list(results.values())


def loss_difference(losses: Sequence[float], ours: Sequence[float]) -> str:
    """ "" if the losses of all steps agree, else where they part."""
    for step, (loss, our_loss) in enumerate(zip(losses, ours)):
        if not abs(loss - our_loss) <= LOSS_TOLERANCE * max(1.0, abs(our_loss)):
            return f"INVALID: loss of step {step} is {loss:.6f}, ours {our_loss:.6f}"
    return ""


def table_of(row: Row, results: Sequence[Result]) -> Table:
    sizes = "-".join(map(str, row.sizes))
    title = f"{row.name}: {sizes}, Adam, batch {row.batch_size}; ms, and times ours (median, min-max of rounds)"
    table = Table(title=title, title_justify="left")
    for column in ("framework", *MEASURES, "first step, s"):
        table.add_column(column, justify="left" if column == "framework" else "right")
    ours = results[0]
    for result in results:
        if result.error:
            table.add_row(result.peer, *["failed" for _ in MEASURES])
            continue
        cells = [cell_text(result.seconds.get(measure, []), ours.seconds.get(measure, [])) for measure in MEASURES]
        table.add_row(result.peer, *cells, f"{result.first_step_seconds:.2f}")
    return table


def cell_text(seconds: Sequence[float], ours: Sequence[float]) -> str:
    """``1.234 (2.1x, 1.9-2.4)``"""
    if not seconds:
        return "-"
    text = f"{statistics.median(seconds) * 1e3:.3f}"
    ratios = [theirs / own for theirs, own in zip(seconds, ours)]
    if not ratios or seconds is ours:
        return text
    return f"{text} ({statistics.median(ratios):.2f}x, {min(ratios):.2f}-{max(ratios):.2f})"


def installed(python: str, modules: Sequence[str]) -> bool:
    """Whether that interpreter finds the modules."""
    code = f"import sys, importlib.util as u; sys.exit(any(u.find_spec(m) is None for m in {list(modules)!r}))"
    return subprocess.run([python, "-c", code], check=False).returncode == 0


def peer_option(peer: Peer) -> str:
    """The framework's name as `--peers` takes it."""
    return peer.name.replace(", ", "-")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that runs the other frameworks")
    parser.add_argument("--rows", default=",".join(row.name for row in ROWS), help="rows, comma-separated")
    parser.add_argument(
        "--peers", default=",".join(peer_option(peer) for peer in PEERS[1:]), help="frameworks, comma-separated"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of one measurement")
    parser.add_argument("--threads", type=int, default=0, help="cores that every framework may use; 0: all")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    console = Console(width=None if sys.stdout.isatty() else 150)
    wanted = [name.strip() for name in options.peers.split(",")]
    processes = [Process(PEERS[0], sys.executable, options.threads)]
    for peer in PEERS[1:]:
        if peer_option(peer) not in wanted:
            continue
        if installed(options.python, peer.needs):
            processes.append(Process(peer, options.python, options.threads))
        else:
            console.print(f"{peer.name}: not installed")
    everything: dict[str, Any] = {"machine": platform.platform(), "processors": os.cpu_count(), "threads": options.threads}
    try:
        everything["versions"] = {process.peer.name: process.ask("versions") for process in processes}
        for name, answer in everything["versions"].items():
            console.print(f"{name}: {answer.get('versions') or answer.get('error')}")
        for row in ROWS:
            if row.name in options.rows.split(","):
                results = run_row(row, processes, options.rounds, options.seconds)
                everything[row.name] = [asdict(result) for result in results]
                console.print(table_of(row, results))
                for result in results:
                    if result.error:
                        console.print(f"{result.peer}: {result.error}")
    finally:
        for process in processes:
            process.close()
    if options.json:
        options.json.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
