"""Gradients through the operations equal those that JAX finds through real Keras, in the reference and on onnxruntime."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import graphkeras
from graphkeras import tree
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import type_of
from graphkeras.tools.coverage.calls import FAMILIES
from graphkeras.trace import Trace
from tests.graphkeras.ops.differentiated import FAMILIES_WITH_GRADIENTS, float32_places, with_arguments

PLACES = [
    (family, number)
    for family in FAMILIES_WITH_GRADIENTS
    for number, call in enumerate(FAMILIES[family])
    if float32_places(call)
]


@cache
def _file(family):
    with np.load(Path(__file__).parent / "gradients" / f"{family}.npz") as file:
        return dict(file)


@pytest.mark.parametrize("target", ["numpy", "onnxruntime"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[1]}-{FAMILIES[place[0]][place[1]].label}")
def test_like_jax(place, target):
    family, number = place
    call, stored = FAMILIES[family][number], _file(family)
    assert str(stored[f"{number}:call"]) == call.label, f"gradients/{family}.npz is out of date: run make_gradients.py"
    places = float32_places(call)
    point = [call.args[k] if isinstance(k, int) else call.kwargs[k] for k in places]
    with Trace() as trace:
        inputs = [trace.placeholder(type_of(array), f"x{k}") for k, array in enumerate(point)]
        leaves = [leaf.value for leaf in tree.flatten(with_arguments(call, places, inputs).make(graphkeras))]
        results = [leaf for leaf in leaves if leaf.type.is_float]
        weights = [np.cos(np.arange(int(r.type.size))).reshape(r.type.shape).astype(r.type.dtype) for r in results]
        seeds = [ops.constant(value=weight) for weight in weights]
        found = gradients(results, [x.value for x in inputs], seeds)
        known = [(place, slope) for place, slope in zip(places, found) if slope is not None]
        graph = trace.graph([slope for _, slope in known])
    computed = driver.compile_graph(graph, {}, target).executable.run(point)
    slopes = {place: array for (place, _), array in zip(known, computed)}
    for place, array in zip(places, point):
        expected, actual = stored[f"{number}:{place}"], slopes.get(place, np.zeros_like(array))
        assert np.isfinite(actual).all()
        settled = np.isfinite(expected)  # the gradient of JAX's `normalize` at 0 is NaN
        np.testing.assert_allclose(actual[settled], expected[settled], rtol=2e-4, atol=2e-5, err_msg=str(place))
