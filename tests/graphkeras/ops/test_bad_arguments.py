"""Wrong arguments of any operation give an error of ours that says what came, never one from deep inside."""

import traceback

import numpy as np
import pytest

import graphkeras
from graphkeras.tools.coverage.calls import FAMILIES
from graphkeras.tools.coverage.calls.call import Given

#: The first sample call of every function, except of those that call the user's functions: they may raise anything.
FIRST = {call.name: call for calls in FAMILIES.values() for call in reversed(calls)}
CALLS = [call for call in FIRST.values() if not any(isinstance(argument, Given) for argument in call.args)]
CALLS = [call for call in CALLS if call.name not in ("switch", "cond")]


def spoilt(call):
    """(what is wrong, arguments) of calls that no operation can make sense of, or that have fewer axes than usual."""
    for place, argument in enumerate(call.args):
        if isinstance(argument, np.ndarray):
            for wrong in ("text", object(), np.zeros((), argument.dtype)):
                yield f"argument {place} is {wrong!r}", [*call.args[:place], wrong, *call.args[place + 1 :]], call.kwargs
    if "axis" in call.kwargs:
        for wrong in (99, "text"):
            yield f"axis is {wrong!r}", call.args, {**call.kwargs, "axis": wrong}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_errors_are_ours(call):
    for what, args, kwargs in spoilt(call):
        try:
            call.function(graphkeras)(*args, **kwargs)
        except (ValueError, TypeError, NotImplementedError, IndexError) as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            assert "site-packages" not in last.filename, f"{what}: {error!r} from {last.filename}:{last.lineno}"
            assert "tuple index" not in str(error) and "unsupported operand" not in str(error), f"{what}: {error!r}"
