"""Kernel source text -> the ``@triton.jit`` function in it, without a file on disk.

Triton reads the source of a function through `inspect`, which looks into `linecache`; a text registered there is as good
as a file, and tracebacks show its lines.
"""

from __future__ import annotations

import hashlib
import linecache
import threading
import types
from typing import Any

from .errors import KernelError
from .program import Kernel

_modules: dict[str, types.ModuleType] = {}
_lock = threading.Lock()


def source_name(source: str) -> str:
    """The file name under which tracebacks show `source`."""
    return f"<graphkeras kernel {hashlib.sha256(source.encode()).hexdigest()[:16]}>"


def jit_function(kernel: Kernel) -> Any:
    """The function `kernel.name` of the module `kernel.source`; its type is triton's JITFunction.

    Raises:
        KernelError: when the module does not run, lacks the function, or its parameters are not those of the kernel.
    """
    module = _load(kernel)
    function = getattr(module, kernel.name, None)
    if function is None or not hasattr(function, "arg_names"):
        raise KernelError(
            f"The source of kernel {kernel.name} defines no @triton.jit function of that name.", kernel.name, kernel.source
        )
    expected = [name for name in function.arg_names if name not in kernel.constants]
    unknown = [name for name in kernel.constants if name not in function.arg_names]
    if expected != list(kernel.signature) or unknown:
        raise KernelError(
            f"Kernel {kernel.name} has the parameters {list(function.arg_names)}, but its signature names "
            f"{list(kernel.signature)} and its constants {list(kernel.constants)}. Every parameter must be in exactly one "
            "of them, and the signature in the function's order.",
            kernel.name,
            kernel.source,
        )
    return function


def failing_line(error: BaseException, source: str) -> int | None:
    """Number of the line of `source` that was running when `error` was raised, or None."""
    name, line, trace = source_name(source), None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _load(kernel: Kernel) -> types.ModuleType:
    name = source_name(kernel.source)
    with _lock:
        module = _modules.get(name)
        if module is None:
            lines = kernel.source.splitlines(keepends=True)
            linecache.cache[name] = (len(kernel.source), None, lines, name)
            module = types.ModuleType(f"graphkeras_kernel_{name[-17:-1]}")
            try:
                exec(compile(kernel.source, name, "exec"), module.__dict__)
            except Exception as error:
                line = error.lineno if isinstance(error, SyntaxError) else failing_line(error, kernel.source)
                raise KernelError(
                    f"The source of kernel {kernel.name} is not a valid module: {type(error).__name__}: {error}",
                    kernel.name,
                    kernel.source,
                    line,
                ) from error
            _modules[name] = module
    return module
