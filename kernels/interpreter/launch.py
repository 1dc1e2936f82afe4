"""One launch of one kernel: every program instance in turn, in this thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime.interpreter import TensorHandle

from ..arguments import is_pointer, scalar
from ..errors import KernelError
from ..program import Kernel
from ..source import failing_line, jit_function
from .builder import numpy_dtype
from .language import builder, interpreted, interpreting
from .memory import Guard


@dataclass(frozen=True)
class PreparedLaunch:
    """A launch whose function and arguments are ready."""

    kernel: Kernel
    grid: tuple[int, int, int]
    function: Callable[..., None]
    arguments: Mapping[str, Any]
    guard: Guard
    reverse: bool

    def run(self) -> None:
        """Run all program instances; inside of an `interpreting` block.

        Raises:
            KernelError: names the program instance that failed, and the line.
        """
        builder.guard = self.guard
        builder.set_grid_dim(*self.grid)
        instances = list(product(*map(range, self.grid)))
        for instance in reversed(instances) if self.reverse else instances:
            builder.set_grid_idx(*instance)
            try:
                self.function(**self.arguments)
            except Exception as error:
                raise KernelError(
                    f"Kernel {self.kernel.name} failed in program instance {instance} of grid {self.grid}: "
                    f"{type(error).__name__}: {error}",
                    self.kernel.name,
                    self.kernel.source,
                    failing_line(error, self.kernel.source),
                ) from error


def prepare_launch(
    kernel: Kernel, grid: tuple[int, int, int], values: Sequence[float], guard: Guard, reverse: bool = False
) -> PreparedLaunch:
    """Make a launch ready.

    Args:
        kernel: what to run.
        grid: number of program instances along three axes.
        values: of the run-time parameters in the order of the signature; of pointers, the addresses.
        guard: the memory that the launch may touch.
        reverse: run the last program instance first.
    """
    with interpreting():
        arguments = {
            name: _tensor(type_name, value) for (name, type_name), value in zip(kernel.signature.items(), values, strict=True)
        }
        function = interpreted(jit_function(kernel))
    return PreparedLaunch(kernel, grid, function, {**arguments, **kernel.constants}, guard, reverse)


def _tensor(type_name: str, value: float) -> Any:
    """The tensor that the kernel gets for a pointer or a scalar."""
    dtype = tl.str_to_ty(type_name, None)
    data = np.array([value], np.uint64) if is_pointer(type_name) else scalar(type_name, value)
    return tl.tensor(TensorHandle(data.astype(numpy_dtype(dtype)), dtype), dtype)
