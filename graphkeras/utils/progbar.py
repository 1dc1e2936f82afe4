"""`Progbar`: how far training is.

In a terminal the line is drawn over and over; in a file or pipe only the finished line is written. After
`disable_interactive_logging` the finished line goes to the logger ``graphkeras``.
"""

from __future__ import annotations

import logging
import math
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from ..config import is_interactive_logging_enabled

_WIDTH = 20


class Progbar:
    """A progress bar.

    Args:
        target: the number of steps, or None if it is not known.
        width: the length of the bar in characters.
        verbose: 0 is silent, 1 draws the bar, 2 writes one line at the end.
        interval: the least time between two drawings, in seconds.
        stateful_metrics: names of values that are shown as they are; others are averaged over the steps.
        stateless_metrics: names of values that are averaged over the steps; others are shown as they are. Without one of the
            two lists, all are averaged. What the last step shows is its own value.
        unit_name: what is counted.

    Raises:
        ValueError: for both lists.
    """

    def __init__(
        self,
        target: int | None,
        width: int = _WIDTH,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                f"Progbar: give stateful_metrics or stateless_metrics, not both, got {stateful_metrics} and {stateless_metrics}"
            )
        self.target, self.width, self.verbose, self.interval, self.unit_name = target, width, verbose, interval, unit_name
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.stateful_metrics = set(stateful_metrics or ()) if stateless_metrics is None else None
        self._values: dict[str, tuple[float, float]] = {}
        self._seen = 0
        self._start = time.perf_counter()
        self._first_step_end: float | None = None
        self._next_drawing = 0.0
        self._drawn = 0
        self._finished = False

    def is_due(self) -> bool:
        """Whether enough time has passed since the last drawing to draw again."""
        return self.verbose == 1 and time.perf_counter() >= self._next_drawing

    def update(
        self, current: int, values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Step `current` is done; `values` are shown. `finalize` ends the line; by default at the target."""
        finalize = (self.target is not None and current >= self.target) if finalize is None else finalize
        self._take(current, dict(values or {}), finalize)
        now = time.perf_counter()
        if self._first_step_end is None and current > 0:
            self._first_step_end = now  # the first step compiles; its time does not count below
        if self._finished or self.verbose == 0:
            return
        if finalize:
            self._finish(current, now)
        elif self.verbose == 1 and now >= self._next_drawing:
            self._next_drawing = now + self.interval
            if is_interactive_logging_enabled() and _is_live(sys.stdout):
                self._draw(self._line(current, now))

    def add(self, n: int, values: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        """`n` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, current: int, values: dict[str, Any], is_last: bool) -> None:
        steps = max(current - self._seen, 1)
        for name, value in values.items():
            if is_last or self._is_shown_as_it_is(name):
                self._values[name] = (float(value), 1.0)
            else:
                total, count = self._values.get(name, (0.0, 0.0))
                self._values[name] = (total + float(value) * steps, count + steps)
        self._seen = current

    def _is_shown_as_it_is(self, name: str) -> bool:
        if self.stateless_metrics is not None:
            return name not in self.stateless_metrics
        return name in self.stateful_metrics  # type: ignore[operator]

    def _line(self, current: int, now: float) -> str:
        """``12/32 ━━━━━━━───────────── 0s 2ms/step - loss: 0.5``."""
        parts = [self._count(current), self._bar(current), self._time(current, now), self._shown_values()]
        return " ".join(part for part in parts if part)

    def _finish(self, current: int, now: float) -> None:
        self._finished = True
        if self.verbose == 2:
            seconds = f"{now - self._start:.0f}s"
            figures = f"{self._count(current)} - {seconds} - {_per_step((now - self._start) / max(current, 1), self.unit_name)}"
            print_message(f"{figures}{self._shown_values(' ')}")
        elif is_interactive_logging_enabled() and _is_live(sys.stdout):
            self._draw(self._line(current, now))
            sys.stdout.write("\n")
        else:
            print_message(self._line(current, now))
        sys.stdout.flush()

    def _count(self, current: int) -> str:
        if self.target is None:
            return f"{current}/Unknown"
        return f"{current:>{int(math.log10(max(self.target, 1))) + 1}}/{self.target}"

    def _bar(self, current: int) -> str:
        if self.target is None:
            return ""
        full, empty = ("━", "─") if _can_write(sys.stdout, "━─") else ("=", ".")
        done = min(int(self.width * current / max(self.target, 1)), self.width)
        return full * done + empty * (self.width - done)

    def _time(self, current: int, now: float) -> str:
        """The time left and, from the second step on, the time of a step; at the end the time taken."""
        elapsed = now - self._start
        if current <= 1 or self._first_step_end is None:
            each = elapsed / max(current, 1)
        else:
            each = (now - self._first_step_end) / (current - 1)
        ended = self.target is None or current >= self.target
        left = elapsed if ended else each * (self.target - current)  # type: ignore[operator]
        return f"{_duration(left)} {_per_step(each, self.unit_name)}"

    def _shown_values(self, before: str = "") -> str:
        shown = [f"- {name}: {_figure(total / max(count, 1e-9))}" for name, (total, count) in self._values.items()]
        return before + " ".join(shown) if shown else ""

    def _draw(self, line: str) -> None:
        """Over the last drawing; cut to the width of the terminal, since a wrapped line could not be drawn over."""
        columns = shutil.get_terminal_size().columns
        line = line[: max(columns - 1, 20)]
        sys.stdout.write("\r" + line + " " * (self._drawn - len(line)))
        sys.stdout.flush()
        self._drawn = len(line)


def print_message(line: str) -> None:
    """Write a line about progress: to standard output, or to the logger if interactive logging is off."""
    if is_interactive_logging_enabled():
        sys.stdout.write(f"{line}\n")
    else:
        logging.getLogger("graphkeras").info(line)


def _is_live(stream: TextIO) -> bool:
    """Whether a line can be drawn over: in a terminal or a notebook."""
    return bool(stream.isatty()) or "ipykernel" in type(stream).__module__


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _duration(seconds: float) -> str:
    """``3s``, ``2:05`` or ``1:00:07``."""
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def _per_step(seconds: float, unit: str) -> str:
    """``2s/step``, ``40ms/step`` or ``35us/step``."""
    if seconds >= 1:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"


def _figure(value: float) -> str:
    """Four digits after the point, or scientific for small numbers."""
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{value:.4e}"
