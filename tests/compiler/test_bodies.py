"""Graphs as attributes: text, equality, passes, verification, and what targets make of control flow."""

import numpy as np
import pytest

import graphkeras.compiler.ops  # noqa: F401  fills the registry
from graphkeras.compiler import driver
from graphkeras.compiler.autodiff import gradients
from graphkeras.compiler.bodies import captured, closed, everywhere, inlined
from graphkeras.compiler.dims import Dim
from graphkeras.compiler.executables.reference import evaluate_graph
from graphkeras.compiler.graph import Graph, Value, nodes_made
from graphkeras.compiler.ops.scan_gradient import saving_scan
from graphkeras.compiler.parser import ParseError, parse_graph
from graphkeras.compiler.passes.cse import eliminate_common_subexpressions
from graphkeras.compiler.passes.dce import eliminate_dead_code
from graphkeras.compiler.passes.drop_unused_results import drop_unused_results
from graphkeras.compiler.passes.expand_composites import expand_composites
from graphkeras.compiler.passes.fold_constants import fold_constants
from graphkeras.compiler.passes.simplify import simplify
from graphkeras.compiler.passes.unroll import unroll
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import TensorType
from graphkeras.compiler.verify import VerificationError, verify_same_meaning, verify_structure
from tests.compiler.conformance import interpreter

batch = Dim.symbol("batch")


def value(name, *shape, dtype="float32"):
    return Value(TensorType(shape, dtype), name)


def adding_body(function=None):
    """total, x -> total + x, (total + x) * total"""
    total, x = value("total", 3), value("x", 3)
    after = ops.add(total, function(x) if function else x)
    return Graph.of([total, x], [after, ops.multiply(after, total)], name="adding")


def scan_graph(body, reverse=False):
    start, xs = value("start", 3), value("xs", 4, 3)
    made = ops.scan(start, xs, body=body, carries=1, sequences=1, length=4, reverse=reverse)
    return Graph.of([start, xs], made, name="loop")


TEXT = """\
graph loop(start: float32[3], xs: float32[4,3]) -> (output_0, output_1):
  v0: float32[3], v1: float32[4,3] = scan(start, xs, body=graph, carries=1, sequences=1, length=4, reverse=False)
    body: graph adding(total: float32[3], x: float32[3]) -> (output_0, output_1):
      v0: float32[3] = add(total, x)
      v1: float32[3] = multiply(v0, total)
      return v0, v1
  return v0, v1"""


def without_origins(text):
    return "\n".join(line.partition("  #")[0] for line in text.splitlines())


def test_a_body_is_a_block_below_its_node():
    assert without_origins(str(scan_graph(adding_body()))) == TEXT
    assert str(parse_graph(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("    body: graph", "    step: graph"), "Line 2: the attribute body is a graph, but no 'body: graph ...'"),
        (TEXT.replace("multiply(v0", "multiply(v9"), "Line 5: there is no value 'v9'"),
        (TEXT.replace("x: float32[3])", "x: float32[2])"), "Line 4: "),
        (TEXT + "\n  return v0", "Line 8: nothing may follow"),
        (TEXT.replace("length=4", "length=5"), "Line 2: scan: axis 0 of every sequence must have the size of length, 5"),
    ],
)
def test_errors_in_bodies_name_the_line(text, message):
    with pytest.raises(ParseError) as error:
        parse_graph(text)
    assert str(error.value).startswith(message)


def test_bodies_are_equal_whatever_their_names():
    start, xs = value("start", 3), value("xs", 4, 3)
    one = ops.scan(start, xs, body=adding_body(), carries=1, sequences=1, length=4)
    renamed = parse_graph(str(adding_body()).replace("total", "sum"))
    other = ops.scan(start, xs, body=renamed, carries=1, sequences=1, length=4)
    different = ops.scan(start, xs, body=adding_body(ops.sin), carries=1, sequences=1, length=4)
    graph = eliminate_common_subexpressions(Graph.of([start, xs], [*one, *other, *different]))
    assert graph.outputs[0] is graph.outputs[2] and graph.outputs[0] is not graph.outputs[4]


def test_symbols_in_bodies_are_bound():
    start = value("start", batch)
    body = Graph.of([inner := value("s", batch)], [ops.broadcast_to(ops.sum(inner, keepdims=True), shape=(batch,))])
    graph = Graph.of([start], [ops.scan(start, body=body, carries=1, sequences=0, length=2)])
    bound = graph.bind({"batch": 5})
    verify_structure(bound, "binding")
    assert "batch" not in str(bound) and "broadcast_to" in str(bound)
    np.testing.assert_array_equal(evaluate_graph(graph, [np.ones(3, "float32")])[0][0], [9, 9, 9])


def test_passes_go_into_bodies():
    def silly(x):
        return ops.silu(x * 1.0) + ops.silu(x * 1.0) + (ops.constant(value=np.float32(2)) * 3.0)

    graph = scan_graph(adding_body(silly))
    for run in (
        fold_constants,
        eliminate_common_subexpressions,
        simplify,
        expand_composites("onnxruntime"),
        eliminate_dead_code,
    ):
        after = everywhere(run, graph)
        verify_structure(after, run.__name__)
        verify_same_meaning(graph, after, run.__name__)
        graph = after
    (scan,) = graph.nodes
    names = [node.op.name for node in scan.attrs["body"].nodes]
    assert names.count("sigmoid") == 1 and "silu" not in names and names.count("constant") == 1


def test_a_graph_without_bodies_stays_the_same_object():
    x = value("x", 3)
    graph = Graph.of([x], [ops.sin(x)])
    assert everywhere(lambda one: one, graph) is graph


def test_an_open_body_is_found():
    total, x, outside = value("total", 3), value("x", 3), value("outside", 3)
    body = Graph.of([total, x], [ops.add(total, ops.add(x, outside)), x])
    with pytest.raises(VerificationError, match="before it is made"):
        verify_structure(scan_graph(body), "test")


def test_constants_are_not_folded_where_a_body_knows_a_size_only_later():
    size = Graph.of([value("x")], [ops.dimension(dim=batch, dtype="float32")])
    made = ops.cond(np.bool_(True), np.float32(1), when_true=size, when_false=size)
    assert isinstance(made, Value)  # an eager call makes a node, too
    assert fold_constants(Graph.of([value("y", batch)], [made])).nodes[-1].op.name == "cond"


# ---- closing ------------------------------------------------------------------------------------------------------------


def test_what_does_not_depend_on_the_inputs_is_computed_outside():
    w, x = value("w", 3, 3), value("x", 2, 3)
    result = ops.matmul(x, ops.transpose(ops.exp(w), axes=(1, 0))) * 2.0
    outer = captured([x], [result])
    assert [one.node.op.name for one in outer] == ["transpose"]
    body = closed([x], [result], outer, "body")
    assert [node.op.name for node in body.nodes] == ["matmul", "constant", "multiply"]
    verify_structure(body, "closing")
    (again,) = inlined(body, [x, *outer])
    a, b = (Graph.of([w, x], [one]) for one in (result, again))
    assert a.structure == b.structure


def test_a_branch_keeps_what_was_made_in_it():
    w = value("w", 3)
    before = ops.exp(w)
    with nodes_made() as made:
        result = ops.sin(before) + w
    outer = captured([], [result], made)
    assert outer == [before, w]
    assert [node.op.name for node in closed([], [result], outer, "branch").nodes] == ["sin", "add"]


# ---- results that nobody reads ------------------------------------------------------------------------------------------


def test_what_a_gradient_could_have_read_is_dropped_without_one():
    start, xs, weight = value("start", 2, 3), value("xs", 4, 2, 3), value("weight", 3, 3)
    h, x, w = value("h", 2, 3), value("x", 2, 3), value("w", 3, 3)
    after = ops.tanh(ops.matmul(h, w) + x)
    body = Graph.of([h, x, w], [after, after], name="step")
    last, steps = saving_scan(start, xs, weight, body=body, carries=1, sequences=1, length=4)
    assert len(last.node.outputs) > 2
    for outputs, count in (((last, steps), 2), ((last,), 1)):
        graph = drop_unused_results(Graph.of([start, xs, weight], outputs))
        assert len(graph.nodes[0].outputs) == count
        verify_structure(graph, "drop_unused_results")
        verify_same_meaning(Graph.of([start, xs, weight], outputs), graph, "drop_unused_results")
    slopes = gradients([last], [start, xs, weight])
    trained = drop_unused_results(Graph.of([start, xs, weight], [last, *slopes]))
    scans = [node for node in trained.nodes if node.op.name == "scan"]
    assert len(scans) == 2
    ahead, back = (node.attrs["body"] for node in scans)
    assert len(ahead.outputs) == 3  # the state, the state before, tanh: not the product
    assert [node.op.name for node in back.nodes].count("matmul") == 1  # the weight's gradient is one product outside
    assert len([node for node in trained.nodes if node.op.name == "matmul"]) == 1


def test_products_of_slices_are_one_product_before_the_loop():
    start, xs = value("start", 2, 3), value("xs", 4, 2, 5)
    weights = [value("weight", 5, 3), value("recurrent", 3, 3)]
    h, x, w, u = value("h", 2, 3), value("x", 2, 5), value("w", 5, 3), value("u", 3, 3)
    after = ops.tanh(ops.matmul(ops.sin(x), w) + ops.matmul(h, u))
    body = Graph.of([h, x, w, u], [after, ops.add(after, ops.sum(x)), ops.matmul(x, w)], name="step")
    sources = [start, xs, *weights]
    plain = ops.scan(*sources, body=body, carries=1, sequences=1, length=4)
    made = saving_scan(*sources, body=body, carries=1, sequences=1, length=4)
    (scan,) = [node for node in drop_unused_results(Graph.of(sources, made)).nodes if node.op.name == "scan"]
    assert [node.op.name for node in scan.attrs["body"].nodes].count("matmul") == 1
    graphs = [Graph.of(sources, [*results, *gradients(results, sources)]) for results in (plain, made)]
    verify_same_meaning(*graphs, "saving_scan")


def test_operands_that_no_branch_reads_any_more_go():
    flag, x, y = value("flag", dtype="bool"), value("x", 3), value("y", 3)
    one = Graph.of(inputs := [value("x", 3), value("y", 3)], [inputs[0] * 2.0, ops.exp(inputs[1])])
    other = Graph.of(inputs := [value("x", 3), value("y", 3)], [inputs[0], inputs[1]])
    made = ops.cond(flag, x, y, when_true=one, when_false=other)
    graph = drop_unused_results(Graph.of([flag, x, y], made[:1]))
    assert graph.nodes[0].inputs == (flag, x)
    verify_same_meaning(Graph.of([flag, x, y], made[:1]), graph, "drop_unused_results")


# ---- targets ------------------------------------------------------------------------------------------------------------


def while_graph():
    x, count = value("x", 3), value("count", dtype="int32")
    inner = [value("count", dtype="int32"), value("x", 3)]
    condition = Graph.of(inner, [ops.less(inner[0], 3)])
    body = Graph.of(inner, [ops.add(inner[0], 1), inner[1] * 2.0])
    return Graph.of([count, x], ops.while_loop(count, x, condition=condition, body=body, variables=2))


def test_kernels_refuse_loops_of_unknown_length():
    with pytest.raises(
        NotImplementedError, match=r"while_loop over variables of shapes .*Give it maximum_iterations.*ops.fori_loop"
    ):
        unroll(while_graph())
    executable = driver.compile_graph(while_graph(), {}, "onnxruntime").executable
    np.testing.assert_array_equal(executable.run([np.array(1, "int32"), np.ones(3, "float32")])[1], [4, 4, 4])


def test_a_while_loop_has_no_gradient():
    graph = while_graph()
    with pytest.raises(NotImplementedError, match=r"while_loop has no gradient.*fori_loop"):
        gradients([graph.outputs[1]], [graph.inputs[1]])


def test_unrolled_loops_mean_the_same():
    for reverse in (False, True):
        graph = scan_graph(adding_body(), reverse)
        unrolled = unroll(graph, 8)
        assert unroll(graph, 7).nodes[0].op.name == "scan"
        assert {node.op.name for node in unrolled.nodes} <= {
            "slice",
            "squeeze",
            "add",
            "multiply",
            "expand_dims",
            "concatenate",
        }
        verify_same_meaning(graph, unrolled, "unroll")


def test_conditions_in_bodies_become_choices():
    x = value("x", 3)
    twice, same = Graph.of([x], [x * 2.0]), Graph.of([x], [x])
    state, flag = value("s", 3), value("flag", dtype="bool")
    body = Graph.of([state, flag], [ops.cond(flag, state, when_true=twice, when_false=same)])
    start, flags = value("start", 3), value("flags", 9, dtype="bool")
    graph = Graph.of([start, flags], [ops.scan(start, flags, body=body, carries=1, sequences=1, length=9)])
    for most, name in ((0, "scan"), (100, "where")):
        spelled_out = unroll(graph, most)
        assert spelled_out.nodes[-1].op.name == name and " = cond(" not in str(spelled_out)
        verify_same_meaning(graph, spelled_out, "unroll")


def test_a_while_loop_with_a_maximum_is_a_scan():
    """Rounds after the last one change nothing, whatever they compute: here 1 / 0."""
    x, count = value("x", 3), value("count", dtype="int32")
    inner = [value("count", dtype="int32"), value("x", 3)]
    condition = Graph.of(inner, [ops.greater(inner[0], 0)])
    body = Graph.of(inner, [ops.subtract(inner[0], 1), inner[1] + ops.divide(1.0, ops.cast(inner[0], dtype="float32"))])
    made = ops.while_loop(count, x, condition=condition, body=body, variables=2, maximum=6)
    graph = Graph.of([count, x], made)
    spelled_out = unroll(graph, 0)
    assert [node.op.name for node in spelled_out.nodes if node.bodies] == ["scan"]
    for start in (0, 4, 6, 9):
        feeds = [np.array(start, "int32"), np.ones(3, "float32")]
        with np.errstate(divide="ignore"):
            found = evaluate_graph(spelled_out, feeds)[0]
        for actual, expected in zip(found, evaluate_graph(graph, feeds)[0], strict=True):
            np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("length", [0, 1])
def test_short_loops(length):
    start, xs = value("start", 3), value("xs", length, 3)
    made = ops.scan(start, xs, body=adding_body(), carries=1, sequences=1, length=length)
    graph = Graph.of([start, xs], made)
    feeds = [np.ones(3, "float32"), np.ones((length, 3), "float32")]
    expected = evaluate_graph(graph, feeds)[0]
    assert expected[1].shape == (length, 3)
    for actual, array in zip(evaluate_graph(unroll(graph), feeds)[0], expected, strict=True):
        np.testing.assert_array_equal(actual, array)
    for actual, array in zip(driver.compile_graph(graph, {}, "onnxruntime").executable.run(feeds), expected, strict=True):
        np.testing.assert_array_equal(actual, array)


def test_nested_control_flow_on_every_target(monkeypatch):
    """A condition and a loop inside of a loop; sizes known only when it runs."""
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    start, xs = value("start", batch, 3), value("xs", 4, batch, 3)
    x = value("x", batch, 3)
    twice = Graph.of([x], [x * 2.0])
    mean = Graph.of([x], [ops.broadcast_to(ops.mean(x, axis=0, keepdims=True), shape=(batch, 3))])
    s = value("s", batch, 3)
    halved = Graph.of([s], [s * 0.5 + 1.0], name="halved")
    total, one = value("total", batch, 3), value("one", batch, 3)
    chosen = ops.cond(ops.less(ops.sum(one), 0.0), total, when_true=twice, when_false=mean)
    inner = ops.scan(chosen, body=halved, carries=1, sequences=0, length=3)
    body = Graph.of([total, one], [inner + one, ops.sum(inner, axis=0)], name="outer")
    last, steps = saving_scan(start, xs, body=body, carries=1, sequences=1, length=4)
    slopes = gradients([last, steps], [start, xs])
    graph = Graph.of([start, xs], [last, steps, *slopes])
    rng = np.random.default_rng(0)
    feeds = [rng.normal(size=(2, 3)).astype("float32"), rng.normal(size=(4, 2, 3)).astype("float32")]
    expected = evaluate_graph(graph, feeds)[0]
    for target in ("numpy", "onnxruntime", "triton"):
        found = driver.compile_graph(graph, {}, target).executable.run(feeds)
        for actual, array in zip(found, expected, strict=True):
            np.testing.assert_allclose(actual, array, rtol=1e-5, atol=1e-5, err_msg=target)


def test_exported_loops_pass_the_full_check():
    start, xs, weight = value("start", batch, 3), value("xs", 4, batch, 3), value("weight", 3, 3)
    h, x, w = value("h", batch, 3), value("x", batch, 3), value("w", 3, 3)
    after = ops.tanh(ops.matmul(h, w) + x)
    zeros = ops.broadcast_to(ops.constant(value=np.float32(0)), shape=(batch, 3))
    body = Graph.of([h, x, w], [after, after + zeros], name="step")
    made = ops.scan(start, xs, weight, body=body, carries=1, sequences=1, length=4)
    assert driver.export_onnx(Graph.of([start, xs, weight], made), {})
    assert driver.export_onnx(while_graph(), {})


def test_the_text_of_an_onnx_program_shows_subgraphs():
    source = driver.compile_graph(scan_graph(adding_body()), {}, "onnxruntime").executable.source
    assert "body(body/total: float32[3], body/x: float32[3]):" in source and "    Add" in source
