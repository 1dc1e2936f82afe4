"""A model's outputs by name, and what users pass for them: one thing for all, a list in their order, or a dict by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..lookup import unknown_name

NOTHING = object()


def flat_outputs(y_pred: Any, names: Sequence[str] | None) -> tuple[list[str | None], list[Any]]:
    """The outputs of a model and their names (None where they have none)."""
    if isinstance(y_pred, Mapping):
        keys = list(names) if names is not None and set(names) == set(y_pred) else sorted(y_pred)
        return list(keys), [y_pred[key] for key in keys]
    if isinstance(y_pred, (list, tuple)):
        flat = list(y_pred)
        return list(names) if names is not None and len(names) == len(flat) else [None] * len(flat), flat
    return [names[0] if names is not None and len(names) == 1 else None], [y_pred]


def per_output(given: Any, names: Sequence[str | None], what: str, skip: Sequence[bool] | None = None) -> list[Any]:
    """One entry of `given` for each output; None where a dict names none.

    Args:
        given: a single thing (for one output), a list in the order of the outputs, or a dict by output name.
        names: the names of the outputs.
        what: how messages call `given`: "y", "sample_weight", "loss".
        skip: outputs that `given` may leave out when it is a list.

    Raises:
        ValueError: for a wrong number of entries or an unknown name.
    """
    if isinstance(given, Mapping):
        return _by_name(given, names, what)
    if isinstance(given, (list, tuple)):
        if len(given) == len(names):
            return list(given)
        if skip is not None and len(given) == len(names) - sum(skip):
            left = iter(given)
            return [None if skipped else next(left) for skipped in skip]
        raise ValueError(
            f"{what} has {len(given)} entries, the number of outputs of the model is {len(names)}{_shown(names)}. "
            "Give one entry for each output, in their order, or a dict by output name."
        )
    if len(names) == 1:
        return [given]
    raise ValueError(
        f"{what} is one array, the model has {len(names)} outputs{_shown(names)}. "
        "Give a list with one entry for each output, or a dict by output name."
    )


def _by_name(given: Mapping[str, Any], names: Sequence[str | None], what: str) -> list[Any]:
    table = {name: True for name in names if name is not None}
    if not table and len(names) == len(given):
        return list(given.values())
    for key in given:
        if key not in table:
            raise ValueError(f"{what}: {unknown_name('model output', str(key), table)}")
    return [given.get(name) if name is not None else None for name in names]


def _shown(names: Sequence[str | None]) -> str:
    known = [name for name in names if name is not None]
    return f" ({', '.join(known)})" if known else ""
