"""What goes wrong with kernels and devices."""

from __future__ import annotations


class KernelError(RuntimeError):
    """A kernel that does not compile or does not run.

    Attributes:
        kernel: name of the kernel.
        source: its whole source text.
        line: number of the line at fault in `source`, counted from 1, or None where it is unknown.
    """

    def __init__(self, message: str, kernel: str, source: str, line: int | None = None) -> None:
        super().__init__(f"{message}\n{_listing(source, line)}")
        self.kernel = kernel
        self.source = source
        self.line = line


class CudaError(RuntimeError):
    """A call to the CUDA driver that failed; the message holds the driver's own name and description of the error."""


def _listing(source: str, marked: int | None) -> str:
    """`source` with line numbers and an arrow at the marked line."""
    lines = source.splitlines()
    return "\n".join(f"{'>' if number == marked else ' '}{number:4d} | {line}" for number, line in enumerate(lines, start=1))
