"""Kernel -> machine code for a GPU, by triton and its own ptxas, on a machine that need not have one."""

from __future__ import annotations

import io
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import triton
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.compiler.errors import CompilationError

from .artifact import SCRATCH_PARAMETERS, Artifact
from .errors import KernelError
from .language_lock import language
from .parsing import parsing_alone
from .program import Kernel
from .source import failing_line, jit_function

WARP = 32


def compile_kernel(kernel: Kernel, capability: int) -> Artifact:
    """Compile for GPUs of compute capability `capability` / 10.

    The result is the same bytes every time: line numbers are left out of it, and nothing of this machine goes in.

    Raises:
        KernelError: when triton or ptxas refuses the kernel; holds its source and, where there is one, the PTX.
    """
    with language.shared(), _settings.on():
        function = jit_function(kernel)
        try:
            compiled = triton.compile(
                ASTSource(function, *_arguments(function, kernel)),
                target=GPUTarget("cuda", capability, WARP),
                options={
                    "num_warps": kernel.num_warps,
                    "num_stages": kernel.num_stages,
                    "enable_fp_fusion": kernel.fast_math,
                },
            )
        except Exception as error:
            printed = _settings.printed()
            raise KernelError(
                f"Kernel {kernel.name} does not compile for compute capability {capability / 10}: "
                f"{type(error).__name__}: {error}{printed and chr(10)}{printed}",
                kernel.name,
                kernel.source,
                _line_at_fault(error, function, kernel),
            ) from error
        return _artifact(kernel, capability, compiled)


def _arguments(function: Any, kernel: Kernel) -> tuple[dict[str, str], dict[tuple[int], Any], dict[tuple[int], Any]]:
    """Signature, constants and attributes in the form of ASTSource: by name, by position, by position."""
    position = {name: index for index, name in enumerate(function.arg_names)}
    signature = {name: kernel.signature.get(name, "constexpr") for name in function.arg_names}
    constants = {(position[name],): value for name, value in kernel.constants.items()}
    attributes = {(position[name],): [["tt.divisibility", 16]] for name in sorted(kernel.aligned)}
    return signature, constants, attributes


def _artifact(kernel: Kernel, capability: int, compiled: Any) -> Artifact:
    metadata, ptx = compiled.metadata, compiled.asm["ptx"]
    if metadata.global_scratch_size or metadata.num_ctas != 1 or metadata.launch_cooperative_grid:
        raise KernelError(
            f"Kernel {kernel.name} needs scratch memory, clusters or a cooperative grid, which launches do not offer. "
            "Do without tensor descriptors made in the kernel.",
            kernel.name,
            kernel.source,
        )
    artifact = Artifact(
        name=metadata.name,
        capability=capability,
        types=tuple(kernel.signature.values()),
        threads=WARP * metadata.num_warps,
        shared_bytes=metadata.shared,
        cubin=compiled.asm["cubin"],
        ptx=ptx,
    )
    declared = ptx.partition(".entry")[2].partition(")")[0].count(".param")
    if declared != len(kernel.signature) + SCRATCH_PARAMETERS:
        raise KernelError(
            f"Kernel {kernel.name} was compiled with {declared} parameters instead of {len(kernel.signature)} and "
            f"{SCRATCH_PARAMETERS} scratch pointers: this triton {triton.__version__} passes arguments in another way.",
            kernel.name,
            kernel.source,
        )
    return artifact


def _line_at_fault(error: BaseException, function: Any, kernel: Kernel) -> int | None:
    """Line of the kernel's source; triton counts from the ``def`` of the function that it was in."""
    innermost: BaseException = error
    while isinstance(innermost.__cause__, CompilationError):
        innermost = innermost.__cause__
    if not isinstance(innermost, CompilationError) or getattr(innermost.node, "lineno", None) is None:
        return failing_line(error, kernel.source)
    start = re.search(rf"^def\s+{re.escape(kernel.name)}\s*\(", kernel.source, re.MULTILINE)
    if start is None or innermost.src not in (None, function.src):  # the fault is in a helper of triton's own
        return None
    return kernel.source.count("\n", 0, start.start()) + int(innermost.node.lineno)


class _Settings:
    """Triton's settings for the whole process, as our compilations need them, while at least one of them runs.

    Line information is off (with it, the machine code would depend on the path of the source), triton's own cache is a
    folder that is thrown away, and what triton prints when ptxas fails, the whole PTX, is kept for the error message.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._stack = ExitStack()
        self._output = _OutputOfThreads()

    @contextmanager
    def on(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1:
                folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="graphkeras-triton-"))
                self._stack.enter_context(knobs.compilation.scope())
                self._stack.enter_context(knobs.cache.scope())
                self._stack.enter_context(parsing_alone())
                knobs.compilation.disable_line_info = True
                knobs.cache.dir = folder
                self._stack.enter_context(self._output.installed())
        try:
            with self._output.kept():
                yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._stack.close()

    def printed(self) -> str:
        """What this thread printed since its compilation began."""
        return self._output.text().strip()


class _OutputOfThreads:
    """A ``sys.stdout`` that keeps what compiling threads print, and for all others is the one that was there."""

    def __init__(self) -> None:
        self._texts: dict[int, io.StringIO] = {}
        self._original: Any = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        self._original = sys.stdout
        sys.stdout = self  # all else of a file is asked of the original
        try:
            yield
        finally:
            if sys.stdout is self:
                sys.stdout = self._original

    @contextmanager
    def kept(self) -> Iterator[None]:
        me = threading.get_ident()
        self._texts[me] = io.StringIO()
        try:
            yield
        finally:
            del self._texts[me]

    def text(self) -> str:
        return self._texts[threading.get_ident()].getvalue()

    def write(self, text: str) -> int:
        kept = self._texts.get(threading.get_ident(), self._original)
        return int(kept.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


_settings = _Settings()
