"""`Discretization`: numbers as the bins that they lie in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from ... import ops
from ..input_spec import title
from .categories import ListLayer, encoded, refuse_sparse, require_mode


class Discretization(ListLayer):
    """The number of the bin of each input: bin k is from boundary k - 1 up to, not including, boundary k.

    Args:
        bin_boundaries: the boundaries, in increasing order; None if `adapt` finds them.
        num_bins: how many bins `adapt` makes, with about equally many numbers in each.
        epsilon: how coarse the summary of the data is that `adapt` keeps: 1 / epsilon numbers.
        output_mode: "int", "one_hot", "multi_hot" or "count".

    Raises:
        ValueError: unless exactly one of `bin_boundaries` and `num_bins` is given.
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        require_mode(self, output_mode, ("int", "one_hot", "multi_hot", "count"))
        refuse_sparse(self, sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                f"{title(self)}: give either bin_boundaries or num_bins, got bin_boundaries={bin_boundaries!r} and "
                f"num_bins={num_bins!r}."
            )
        if num_bins is not None and num_bins < 1:
            raise ValueError(f"{title(self)}: num_bins must be at least 1, got {num_bins!r}.")
        self.bin_boundaries, self.num_bins, self.epsilon = bin_boundaries, num_bins, epsilon
        self.output_mode, self.sparse = output_mode, sparse
        self.summary = _EMPTY
        self.built = True

    @property
    def output_dtype(self) -> str:
        """int32 for bin numbers, else the compute dtype."""
        return "int32" if self.output_mode == "int" else str(self.compute_dtype)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Find boundaries for about equally full bins.

        Args:
            data: an array, or anything that yields arrays.
            steps: how many arrays to take; all by default.

        Raises:
            ValueError: if the boundaries were given to the constructor.
        """
        if self.num_bins is None:
            raise ValueError(f"{title(self)}: has fixed bin_boundaries, so it cannot adapt. Make it with num_bins=... instead.")
        self.reset_state()
        batches: Iterable[Any] = [data] if hasattr(data, "shape") else islice(data, steps)
        for batch in batches:
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Add data to the summary."""
        merged = np.concatenate((_summary(np.asarray(data, np.float32), self.epsilon), self.summary), axis=1)
        self.summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of the summary."""
        if self.num_bins is not None:
            self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forget the data seen so far."""
        self.summary = _EMPTY

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise ValueError(f"{title(self)}: has no boundaries yet: call its adapt(data) first, or give bin_boundaries.")
        bins = ops.digitize(ops.cast(inputs, "float32"), np.asarray(self.bin_boundaries, np.float32))
        return encoded(bins, self.output_mode, len(self.bin_boundaries) + 1, self.output_dtype)

    def get_config(self) -> dict[str, Any]:
        boundaries = self.bin_boundaries
        return {
            "bin_boundaries": boundaries.tolist() if isinstance(boundaries, np.ndarray) else boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype_policy.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Discretization:
        # The boundaries that adapt found are in the config together with the number of bins.
        found = config.get("bin_boundaries") if config.get("num_bins") is not None else None
        layer = super().from_config({**config, "bin_boundaries": None} if found is not None else config)
        layer.bin_boundaries = layer.bin_boundaries if found is None else found
        return layer


_EMPTY = np.zeros((2, 0), np.float32)


def _summary(values: Any, epsilon: float) -> Any:
    """Sorted values (at most about 1 / epsilon of them, evenly picked), and how many numbers each stands for."""
    ordered = np.sort(values, axis=None)
    step = max(ordered.size * epsilon, 1.0)
    picked = ordered[int(step - 1) :: int(step)]
    return np.stack([picked, np.full_like(picked, step)])


def _compressed(summary: Any, epsilon: float) -> Any:
    """A summary of about 1 / epsilon values, interpolated between those of a longer one."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    reached = summary[1].cumsum()
    share = reached / reached[-1]
    values = np.interp(wanted, share, summary[0])
    weights = np.diff(np.interp(wanted, share, reached), prepend=0.0)
    return np.stack([values, weights]).astype(np.float32)
