"""``triton.language`` made to compute at once instead of building code, for the length of a `with` block.

Outside of the block the language is as triton made it, so kernels are compiled and interpreted in one process.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import triton.language as tl
from triton.language.extra import libdevice as libdevice_stubs
from triton.language.extra.cuda import libdevice as libdevice_cuda
from triton.language.semantic import TritonSemantic
from triton.runtime import interpreter as upstream
from triton.runtime.jit import JITFunction

from ..language_lock import language
from .builder import Builder, numpy_dtype
from .reductions import reduce, scan
from .shapes import block_type_init, type_for_tuple_values

builder = Builder()
"""Computes the operations of the kernel that is running; there is one because the language is one."""

_semantic = TritonSemantic(builder)
_PLACES = (
    *(tl, tl.core, tl.math, libdevice_stubs, upstream),
    *(tl.core.tensor, tl.core.dtype, tl.core.block_type, tl.core.tensor_descriptor_base, JITFunction),
)
_MISSING = object()


@contextmanager
def interpreting() -> Iterator[None]:
    """Inside, calls of ``tl`` functions and of ``@triton.jit`` functions compute with `builder`."""
    with language.owned() as outermost:
        if not outermost:
            yield
            return
        changes = _changes()
        try:
            for change in changes:
                setattr(change.place, change.name, change.interpreted)
            yield
        finally:
            for change in reversed(changes):
                if change.original is _MISSING:
                    delattr(change.place, change.name)
                else:
                    setattr(change.place, change.name, change.original)


@dataclass(frozen=True)
class _Change:
    place: Any
    name: str
    original: Any
    interpreted: Any


@cache
def _changes() -> tuple[_Change, ...]:
    """What interpretation changes, found by doing it once and comparing."""
    before = [dict(vars(place)) for place in _PLACES]
    scope = upstream._LangPatchScope()
    try:
        for module in (tl, tl.core):
            upstream._patch_builtin(module, builder, scope)
            upstream._patch_builtin(module.tensor, builder, scope)
            upstream._patch_lang_tensor(module.tensor, scope)
            upstream._patch_lang_core(module, scope)
        for module in (tl, tl.core):  # after both: patching one changes the other's, too
            scope.set_attr(module, "reduce", reduce)
            scope.set_attr(module, "associative_scan", scan)
        upstream._patch_builtin(tl.math, builder, scope)
        upstream._patch_builtin(tl.core.tensor_descriptor_base, builder, scope)
        scope.set_attr(tl.core.tensor, "__index__", _index)
        scope.set_attr(tl.core.block_type, "__init__", block_type_init)
        scope.set_attr(tl.core, "_type_for_tuple_values", type_for_tuple_values)
        scope.set_attr(upstream, "_get_np_dtype", numpy_dtype)
        for name in set(vars(libdevice_stubs)) & set(vars(libdevice_cuda)):
            if tl.core.is_builtin(getattr(libdevice_cuda, name)):
                scope.set_attr(libdevice_stubs, name, _computing(getattr(libdevice_cuda, name)))
        scope.set_attr(JITFunction, "__call__", lambda self, *args, **kwargs: interpreted(self)(*args, **kwargs))
        scope.set_attr(JITFunction, "__get__", _bound)
        return tuple(
            _Change(place, name, old.get(name, _MISSING), value)
            for place, old in zip(_PLACES, before, strict=True)
            for name, value in vars(place).items()
            if old.get(name, _MISSING) is not value
        )
    finally:
        scope.restore()


def _index(tensor: Any) -> int:
    return int(tensor.handle.data.reshape(()))


def _computing(builtin: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: builtin(*args, **{**kwargs, "_semantic": _semantic})


def _bound(function: Any, instance: Any, owner: Any) -> Any:
    """``x.sum(axis)``: some methods of tensors are jitted functions."""
    return function if instance is None else lambda *args, **kwargs: interpreted(function)(instance, *args, **kwargs)


_interpreted: dict[int, tuple[Any, Callable[..., Any]]] = {}


def interpreted(function: Any) -> Callable[..., Any]:
    """The Python function of a JITFunction, in which plain numbers become tensors when assigned, as triton's compiler does.

    Found by identity: hashing a JITFunction walks the language, which is not itself here.
    """
    known = _interpreted.get(id(function))
    if known is None:
        known = _interpreted[id(function)] = (function, _rewritten(function))
    return known[1]


def _rewritten(function: Any) -> Callable[..., Any]:
    tree = ast.fix_missing_locations(_AssignTensors().visit(ast.parse(function.src)))
    definition = function.raw_src.index(next(line for line in function.raw_src if line.lstrip().startswith("def ")))
    ast.increment_lineno(tree, function.starting_line_number + definition - 1)
    names = {**function.fn.__globals__, "_to_tensor": lambda value: _semantic.to_tensor(value, False)}
    exec(compile(tree, function.fn.__code__.co_filename, "exec"), names)
    result: Callable[..., Any] = names[function.fn.__name__]
    return result


class _AssignTensors(ast.NodeTransformer):
    """``x = value`` becomes ``x = _to_tensor(value)``."""

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        self.generic_visit(node)
        node.value = ast.Call(func=ast.Name(id="_to_tensor", ctx=ast.Load()), args=[node.value], keywords=[])
        return node
