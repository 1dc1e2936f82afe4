"""Every op of the registry, by its own samples. A new op needs no new test."""

from __future__ import annotations

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  (fills the registry)
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.dims import DimLike
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value
from graphkeras.compiler.ops.base import Composite, expanded
from graphkeras.compiler.ops.matrices import HostOp
from graphkeras.compiler.parser import parse_graph
from graphkeras.compiler.registry import OPS
from graphkeras.compiler.types import TensorType, numpy_dtype, type_of
from graphkeras.compiler.verify import verify_structure
from graphkeras.kernels.compile import compile_kernel
from graphkeras.kernels.errors import KernelError
from tests.compiler.conformance import SIZES, Array, Case, case, cases, difference, float64_samples, graph_of, interpreter

ALL = sorted(OPS)
#: Factorizations that only NumPy computes: iterations without a fixed end, which ONNX has no operators for.
HOST_ONLY = frozenset(name for name in ALL if isinstance(OPS[name], HostOp))
#: target -> ops that it cannot run yet. It must shrink: an op that works and stands here fails its test.
NOT_YET: dict[str, frozenset[str]] = {
    "onnxruntime": HOST_ONLY,
    "triton": HOST_ONLY | {"while_loop"},  # how many launches it takes is known only on the GPU; it is refused clearly
}
STEP = 1e-5
#: Finite differences in float64: rounding / STEP + STEP ** 2 * third derivative.
DERIVATIVE_TOLERANCE = 2e-6


@pytest.fixture(autouse=True)
def triton_runs_in_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())


@pytest.mark.parametrize("name", ALL)
def test_inferred_types_are_those_of_the_reference(name: str) -> None:
    for one in cases(OPS[name]):
        for value, result in zip(one.outputs, one.reference(), strict=True):
            assert isinstance(result, np.ndarray), f"{one}: the reference returned {type(result).__name__}"
            assert type_of(result) == value.type.bind(SIZES), str(one)


@pytest.mark.parametrize("name", ALL)
def test_text_parses_back(name: str) -> None:
    graph, feeds = graph_of(list(cases(OPS[name])))
    verify_structure(graph, after="tracing")
    again = parse_graph(str(graph))
    verify_structure(again, after="parsing")
    assert str(again) == str(graph)
    for actual, expected in zip(evaluate_graph(again, feeds)[0], evaluate_graph(graph, feeds)[0], strict=True):
        assert difference(actual, expected) == ""


@pytest.mark.parametrize("name", ALL)
def test_costs_are_whole_numbers(name: str) -> None:
    for one in cases(OPS[name]):
        node = one.outputs[0].node
        assert node is not None
        flops: DimLike = node.op.flops(node)
        bound = flops if isinstance(flops, int) else flops.bind(SIZES)
        assert isinstance(bound, int) and bound >= 0, f"{one}: {flops}"


@pytest.mark.parametrize("name", [name for name in ALL if OPS[name].commutative])
def test_operands_of_commutative_ops_may_change_places(name: str) -> None:
    for one in cases(OPS[name]):
        for actual, expected in zip([OPS[name].evaluate(*one.feeds[::-1])], one.reference(), strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", [name for name in ALL if isinstance(OPS[name], Composite)])
def test_composites_equal_what_they_expand_to(name: str) -> None:
    for one in cases(OPS[name]):
        node = one.outputs[0].node
        assert node is not None
        outputs = expanded(node)
        assert tuple(value.type for value in outputs) == tuple(value.type for value in one.outputs), str(one)
        inputs = graph_of([one])[0].inputs
        results = evaluate_graph(Graph.of(inputs, outputs), graph_of([one])[1])[0]
        for actual, expected in zip(results, one.reference(), strict=True):
            assert difference(actual, expected) == "", str(one)


@pytest.mark.parametrize("target", sorted(NOT_YET))
@pytest.mark.parametrize("name", ALL)
def test_target_equals_reference(name: str, target: str) -> None:
    problem = _problem_on(target, list(cases(OPS[name])))
    if name in NOT_YET[target]:
        assert problem, f"{name} works on {target} now: take it out of NOT_YET."
    else:
        assert not problem, problem


@pytest.mark.parametrize("name", [name for name in ALL if name not in NOT_YET["triton"]])
def test_kernels_compile_for_a_gpu(name: str) -> None:
    """Of the first sample; the interpreter takes some expressions that the compiler does not."""
    one = next(cases(OPS[name]))
    graph, feeds = graph_of([one])
    executable = driver.compile_graph(graph, {}, "triton").executable
    executable.run(feeds)
    kernels = [launch.kernel for program in executable.programs for launch in program.launches]  # type: ignore[attr-defined]
    for kernel in kernels:
        assert compile_kernel(kernel, capability=90).cubin


@pytest.mark.parametrize("target", sorted(NOT_YET))
@pytest.mark.parametrize("name", [name for name in ALL if OPS[name].differentiable])
def test_gradients_on_targets_equal_the_reference(name: str, target: str) -> None:
    """The gradient rules as each target fuses them, in every float dtype."""
    if name in NOT_YET[target]:
        return
    inputs: list[Value] = []
    feeds: list[Array] = []
    outputs: list[Value] = []
    labels: list[str] = []
    for one in cases(OPS[name]):
        wanted = one.sample.differentiable
        operands = [v for k, v in enumerate(one.inputs) if v.type.is_float and (wanted is None or k in wanted)]
        results = [value for value in one.outputs if value.type.is_float]
        if not operands or not results:
            continue
        weights = [Value(value.type, "w") for value in results]
        inputs += [*one.inputs, *weights]
        rng = np.random.default_rng(len(inputs))
        feeds += [*one.feeds, *(_random(value.type, rng).astype(numpy_dtype(value.type.dtype)) for value in weights)]
        found = [value for value in gradients(results, operands, weights) if value is not None]
        outputs += found
        labels += [str(one)] * len(found)
    if not outputs:
        return
    graph = Graph.of(inputs, outputs, name=name)
    expected = evaluate_graph(graph, feeds)[0]
    actual = driver.compile_graph(graph, {}, target).executable.run(feeds)
    for label, a, b in zip(labels, actual, expected, strict=True):
        assert difference(a, b, slack=4) == "", f"gradient of {label} on {target}: {difference(a, b)}"


def _problem_on(target: str, several: list[Case]) -> str:
    """What goes wrong when `target` runs the cases; "" if nothing does."""
    graph, feeds = graph_of(several)
    try:
        results = driver.compile_graph(graph, {}, target).executable.run(feeds)
    except (NotImplementedError, ValueError, KernelError) as error:
        if len(several) == 1:
            return f"{several[0]}: {error}"
        return next((problem for one in several if (problem := _problem_on(target, [one]))), str(error))
    wanted = [(one, result) for one in several for result in one.reference()]
    for actual, (one, expected) in zip(results, wanted, strict=True):
        if problem := difference(actual, expected):
            return f"{one} on {target}: {problem}"
    return ""


@pytest.mark.parametrize("name", [name for name in ALL if OPS[name].differentiable])
def test_gradients_equal_finite_differences(name: str) -> None:
    for number, sample in enumerate(float64_samples(OPS[name])):
        one = case(OPS[name], sample, np.random.default_rng(number))
        wanted = sample.differentiable
        operands = [v for k, v in enumerate(one.inputs) if v.type.is_float and (wanted is None or k in wanted)]
        outputs = [value for value in one.outputs if value.type.is_float]
        if not operands or not outputs:
            continue
        _check_first_and_second_order(one, operands, outputs, np.random.default_rng(number + 1000))


def _check_first_and_second_order(one: Case, operands: list[Value], outputs: list[Value], rng: np.random.Generator) -> None:
    """<weights, outputs> by the operands, then <directions, these gradients> by operands and weights."""
    weights = [Value(value.type, f"w{k}") for k, value in enumerate(outputs)]
    first = gradients(outputs, operands, weights)
    point = dict(zip(one.inputs, one.feeds, strict=True))
    point.update((value, _random(value.type, rng)) for value in weights)
    _compare(one, "gradient", outputs, weights, first, operands, point, rng)
    known = [(value, gradient) for value, gradient in zip(operands, first, strict=True) if gradient is not None]
    directions = [Value(value.type, f"d{k}") for k, (value, _) in enumerate(known)]
    point.update((value, _random(value.type, rng)) for value in directions)
    reached = [gradient for _, gradient in known]
    variables = [*operands, *weights]
    second = gradients(reached, variables, directions)
    _compare(one, "second derivative", reached, directions, second, variables, point, rng)


def _compare(
    one: Case,
    what: str,
    outputs: list[Value],
    weights: list[Value],
    found: tuple[Value | None, ...],
    variables: list[Value],
    point: dict[Value, Array],
    rng: np.random.Generator,
) -> None:
    """`found` are the gradients of <weights, outputs> by `variables`: compare along a random direction for each."""
    sources = list(point)
    values = Graph.of(sources, outputs)
    slopes = Graph.of(sources, [value for value in found if value is not None])
    gradients_here = iter(evaluate_graph(slopes, list(point.values()))[0])

    def total(changed: Value, by: Array) -> float:
        feeds = [array + by if value is changed else array for value, array in point.items()]
        results = evaluate_graph(values, feeds)[0]
        return sum(float(np.sum(point[weight] * result)) for weight, result in zip(weights, results, strict=True))

    for number, (variable, symbol) in enumerate(zip(variables, found, strict=True)):
        if symbol is not None:
            assert symbol.type == variable.type, f"{one}: {what} by operand {number} has type {symbol.type}"
        direction = _random(variable.type, rng)
        measured = (total(variable, STEP * direction) - total(variable, -STEP * direction)) / (2 * STEP)
        here = next(gradients_here) if symbol is not None else np.zeros(direction.shape)
        stated = float(np.sum(here * direction))
        scale = max(1.0, abs(measured), float(np.sum(np.abs(here * direction))))
        assert abs(stated - measured) <= DERIVATIVE_TOLERANCE * scale, (
            f"{one}: {what} by {variable.name} along a direction is {stated}, finite differences say {measured}"
        )


def _random(type_: TensorType, rng: np.random.Generator) -> Array:
    return np.asarray(rng.uniform(-1.0, 1.0, tuple(int(dim) for dim in type_.bind(SIZES).shape)))


@pytest.mark.parametrize("name", [name for name in ALL if not OPS[name].differentiable])
def test_no_gradient_flows_through_ops_without_derivative(name: str) -> None:
    for one in cases(OPS[name]):
        floats = [value for value in one.inputs if value.type.is_float]
        outputs = [value for value in one.outputs if value.type.is_float]
        if floats and outputs:
            assert gradients(outputs, floats) == (None,) * len(floats), str(one)
