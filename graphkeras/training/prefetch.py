"""Making batches ahead of the training loop: on one thread, on several, or in several processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any, TypeVar

Item = TypeVar("Item")
_END: Any = object()


def ahead(items: Iterable[Item], depth: int = 2) -> Iterator[Item]:
    """The same items in the same order, made by a thread that is up to `depth` items ahead.

    An error of `items` is raised where its item would have come. When the iterator is closed, the thread ends after the
    item that it is making.
    """
    source = iter(items)
    calls: Iterator[tuple[Any, ...]] = iter(lambda: (next, source, _END), None)
    with ThreadPoolExecutor(1, thread_name_prefix="graphkeras-batches") as pool:
        for item in _in_order(pool, calls, depth):
            if item is _END:
                return
            yield item


def mapped(
    function: Callable[[int], Item], numbers: Sequence[int], workers: int, processes: bool, depth: int
) -> Iterator[Item]:
    """function(number) for each number, in order, made by `workers` threads or processes that are up to `depth` items ahead.

    Processes are forked where the system can, so that `function` need not be pickled; they see the state of now.
    """
    if not processes:
        with ThreadPoolExecutor(workers, thread_name_prefix="graphkeras-batches") as pool:
            yield from _in_order(pool, ((function, number) for number in numbers), depth)
        return
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(workers, context, _remember, (function,)) as pool:
        yield from _in_order(pool, ((_call_remembered, number) for number in numbers), depth)


def _in_order(pool: Executor, calls: Iterator[tuple[Any, ...]], depth: int) -> Iterator[Any]:
    """The results of the calls in their order; while one is used, up to `depth` calls after it are under way or done."""
    waiting: deque[Future[Any]] = deque()

    def submit(count: int) -> None:
        while len(waiting) < count and (call := next(calls, None)) is not None:
            waiting.append(pool.submit(*call))

    try:
        submit(depth)
        while waiting:
            result = waiting.popleft().result()
            submit(depth)
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_remembered: Callable[[int], Any] | None = None


def _remember(function: Callable[[int], Any]) -> None:
    """In a worker process: the function that it calls from now on."""
    global _remembered
    _remembered = function


def _call_remembered(number: int) -> Any:
    assert _remembered is not None
    return _remembered(number)
