"""What passes make of whole training steps: nothing superfluous is left, the numbers stay, and it does not take long."""

import time
from collections import Counter

import numpy as np
import pytest

from graphkeras.compiler import config
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph
from graphkeras.compiler.patterns import is_filled_with
from graphkeras.compiler.pipeline import PIPELINES, optimize
from graphkeras.compiler.verify import random_feeds
from tests.compiler.training_steps import mlp_step

STEPS = {
    "logits": {},
    "probabilities": {"clipped_softmax": True},
    "normalized": {"sizes": (20, 16, 16, 1), "normalized": True},
}


def counts(graph: Graph) -> Counter[str]:
    return Counter(node.op.name for node in graph.nodes)


@pytest.fixture(params=STEPS)
def step(request) -> Graph:
    return mlp_step(**{"sizes": (20, 16, 10), **STEPS[request.param]})


@pytest.mark.parametrize("target", PIPELINES)
def test_the_numbers_stay(step, target):
    former = config.update(verify=True)  # compares before and after every pass
    try:
        stages = optimize(step, target)
    finally:
        config.update(verify=former.verify)
    feeds, state = random_feeds(step, seed=3)
    expected, new_state = evaluate_graph(step, feeds, state)
    actual, state_after = evaluate_graph(stages[-1].graph, feeds, state)
    assert [slot.name for slot in stages[-1].graph.state] == [slot.name for slot in step.state]
    for a, b in zip([*actual, *state_after], [*expected, *new_state], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("target", PIPELINES)
def test_nothing_superfluous_is_left(step, target):
    graph = optimize(step, target)[-1].graph
    for node in graph.nodes:
        name, users = node.op.name, graph.users
        assert node.op.name not in ("identity", "stop_gradient")
        assert not (name == "multiply" and any(is_filled_with(value, 1) for value in node.inputs))
        assert not (name == "negative" and node.inputs[0].node is not None and node.inputs[0].node.op.name == "negative")
        elementwise_users = [user.op.name for user in users.get(node.output, ()) if user.op.name in ("multiply", "add")]
        assert not (name == "broadcast_to" and elementwise_users), "elementwise ops broadcast by themselves"
        assert users.get(node.output) or node.output in graph.results
    keys = [node.key for node in graph.nodes]
    assert len(keys) == len(set(keys)), "something is computed twice"


def test_the_tutorial_step_on_triton():
    """Counted by hand: what the formulas of the step need, and no more."""
    graph = optimize(mlp_step((784, 32, 10)), "triton")[-1].graph
    found = counts(graph)
    assert found["matmul"] == 2 + 2 + 1, "forward; for the kernels; for the hidden layer, but not for the input"
    assert found["sum"] == 4 + 2 + 2, "softmax, loss of a row, loss, sum of a row's targets; biases; metrics"
    assert found["transpose"] == 3, "one for each matmul of the backward pass"
    assert found["power"] == 2, "one for each beta, though four weights are updated"
    assert found["dimension"] == 1
    assert found["broadcast_to"] == found["reshape"] == 0
    assert len(graph.nodes) == sum(found.values()) <= 114


@pytest.mark.parametrize("target", PIPELINES)
def test_passes_are_fast(target):
    """About 0.4 s for 2,000 nodes on a free core; the limit leaves room for busy machines."""
    graph = mlp_step((64, *(32,) * 55, 10))
    assert len(graph.nodes) > 2000
    started = time.perf_counter()
    optimize(graph, target)
    assert time.perf_counter() - started < 4
