"""`vectorize`: a function of scalars, or of small tensors, as a function of large ones."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import broadcast, shape_text

from ..operation import OpFunction
from .bodies import check_function
from .loops import mapped
from .operands import Tensor, ndim_of, shape_of, tensor

__all__ = ["vectorize"]

_SIGNATURE = re.compile(r"(\(\s*(\w+(\s*,\s*\w+)*)?\s*\)\s*,?\s*)+->(\s*\(\s*(\w+(\s*,\s*\w+)*)?\s*\)\s*,?)+")


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Iterable[int | str] | None = None, signature: str | None = None
) -> OpFunction:
    """A function that applies `pyfunc` to all elements of its arguments, which are broadcast against each other.

    Args:
        pyfunc: from scalars to a scalar or a tuple of them.
        excluded: positions and keywords of arguments that are passed on as they are.
        signature: such as ``(m,n),(n)->(m)``: the last axes of arguments and results that pyfunc works on.

    Raises:
        ValueError: for a signature that cannot be read, or arguments that do not fit it.
    """
    check_function(pyfunc, "ops.vectorize: pyfunc")
    untouched = frozenset(excluded or ())
    kernels = None if signature is None else _core_axes(signature)

    @functools.wraps(pyfunc)
    def body(*args: Any, **kwargs: Any) -> Any:
        places = [k for k in range(len(args)) if k not in untouched]
        names = [name for name in kwargs if name not in untouched]
        tensors = [tensor(args[k]) for k in places] + [tensor(kwargs[name]) for name in names]
        core = [()] * len(tensors) if kernels is None else list(kernels)
        if len(core) != len(tensors):
            raise ValueError(f"ops.vectorize: the signature {signature!r} has {len(core)} arguments, got {len(tensors)}.")
        loop, flat = _flattened(tensors, core, signature)

        def call(elements: Sequence[Any]) -> Any:
            given = list(args)
            for place, element in zip(places, elements):
                given[place] = element
            return pyfunc(*given, **{**kwargs, **dict(zip(names, elements[len(places) :], strict=True))})

        call.__name__ = getattr(pyfunc, "__name__", "pyfunc")
        found = mapped("ops.vectorize", call, flat, at_once=True)
        several = isinstance(found, (tuple, list))
        results = [ops.reshape(x, shape=(*loop, *shape_of(x)[1:])) for x in (found if several else [found])]
        return tuple(results) if several else results[0]

    return OpFunction(body, body.__name__ if hasattr(pyfunc, "__name__") else "vectorized")


def _core_axes(signature: str) -> list[tuple[str, ...]]:
    """The names of the last axes of each argument."""
    if not _SIGNATURE.fullmatch(signature):
        raise ValueError(f"ops.vectorize: a signature looks like '(m,n),(n)->(m)', got {signature!r}.")
    arguments = signature.split("->")[0]
    return [tuple(re.findall(r"\w+", names)) for names in re.findall(r"\(([^)]*)\)", arguments)]


def _flattened(
    tensors: Sequence[Tensor], core: Sequence[tuple[str, ...]], signature: str | None
) -> tuple[tuple[Any, ...], list[Tensor]]:
    """The broadcast shape of the axes before the core axes, and the tensors with one axis in place of these."""
    sizes: dict[str, Any] = {}
    loop: tuple[Any, ...] = ()
    for x, names in zip(tensors, core):
        shape = shape_of(x)
        if len(shape) < len(names):
            raise ValueError(f"ops.vectorize: an argument of shape {shape_text(shape)} has too few axes for {signature!r}.")
        kept = len(shape) - len(names)
        for name, size in zip(names, shape[kept:]):
            if sizes.setdefault(name, size) != size:
                raise ValueError(f"ops.vectorize: {name} in {signature!r} is {sizes[name]} and {size}.")
        loop = broadcast(loop, shape[:kept])
    count: Any = 1
    for size in loop:
        count = count * size
    flat = []
    for x, names in zip(tensors, core):
        inner = shape_of(x)[ndim_of(x) - len(names) :]
        wide = ops.broadcast_to(x, shape=(*loop, *inner))
        flat.append(ops.reshape(wide, shape=(count, *inner)))
    return loop, flat
