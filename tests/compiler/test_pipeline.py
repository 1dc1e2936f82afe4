"""The loop that runs passes: stages, leaving passes out, verification."""

import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import config, pipeline
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.pipeline import PIPELINES, RUN_PASSES, Stage, optimize
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import VerificationError


def small_graph() -> Graph:
    x = Value(TensorType((2, 3)), "x")
    return Graph.of([x], [ops.softplus(x * 1.0) + 0.0], output_names=["y"])


@pytest.fixture
def settings():
    former = config.current()
    yield config.update
    config.update(skip=former.skip, verify=former.verify)


@pytest.mark.parametrize("target", PIPELINES)
def test_every_stage_has_a_name_of_its_own(target):
    watched: list[Stage] = []
    stages = optimize(small_graph(), target, watched.append)
    assert watched == stages
    names = [stage.name for stage in stages]
    assert len(set(names)) == len(names) == len(PIPELINES[target]) + 1
    assert names[0] == "traced"


@pytest.mark.parametrize("target", PIPELINES)
def test_a_run_takes_further_passes(target):
    filed, run = ([stage.name for stage in optimize(small_graph(), target, to_run=to_run)] for to_run in (False, True))
    assert run[: len(filed)] == filed and len(set(run)) == len(run) == len(filed) + len(RUN_PASSES[target])


def test_a_pass_of_runs_can_be_left_out_and_says_what_it_does(settings):
    x = Value(TensorType((64, 256)), "x")
    graph = Graph.of([x], [ops.sum(x, axis=1)])
    stage = next(stage for stage in optimize(graph, "onnxruntime", to_run=True) if stage.name == "run_forms")
    assert [entry.what for entry in stage.entries] == ["sum of rows as a product with ones"]
    settings(skip=("run_forms",))
    assert "matmul" not in {node.op.name for node in optimize(graph, "onnxruntime", to_run=True)[-1].graph.nodes}


def test_a_pass_can_be_left_out(settings):
    settings(skip=("simplify",))
    stages = optimize(small_graph(), "numpy")
    assert not any(stage.name.startswith("simplify") for stage in stages)
    assert "multiply" in {node.op.name for node in stages[-1].graph.nodes}


def test_a_pass_that_does_not_exist_is_not_left_out_silently(settings):
    settings(skip=("simplfy",))
    with pytest.raises(ValueError, match=r"GRAPHKERAS_SKIP names 'simplfy'; the passes are [a-z_, ]*simplify"):
        optimize(small_graph(), "numpy")


def test_verification_names_the_pass_that_changed_the_meaning(settings, monkeypatch):
    def double_everything(graph: Graph) -> Graph:
        return Graph.of(graph.inputs, [graph.outputs[0] * 2.0], output_names=graph.output_names)

    monkeypatch.setitem(pipeline.PIPELINES, "numpy", (double_everything,))
    settings(verify=False)
    optimize(small_graph(), "numpy")
    settings(verify=True)
    with pytest.raises(VerificationError, match="The pass double_everything changed the result 'y'"):
        optimize(small_graph(), "numpy")
