"""Static functions: signatures, structures, names."""

import numpy as np
import pytest

from graphkeras import Variable, ops
from graphkeras.tracing import StaticFunction

FLOATS = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_structures_go_in_and_come_out(numpy_target):
    def function(data, flag, nothing):
        assert nothing is None
        return {"sum": data["x"] + data["pair"][0], "flag": flag, "rest": [None, data["pair"][1] * 2]}

    result = StaticFunction(function)({"x": FLOATS, "pair": (FLOATS, FLOATS[:, 0])}, "fast", None)
    np.testing.assert_array_equal(result["sum"], FLOATS * 2)
    np.testing.assert_array_equal(result["rest"][1], FLOATS[:, 0] * 2)
    assert (result["flag"], result["rest"][0]) == ("fast", None)


def test_one_program_for_all_batch_sizes_and_one_for_each_dtype_size_and_constant(numpy_target):
    traced = []

    def function(x, flag):
        traced.append(x.shape)
        return x * (2 if flag else 3)

    program = StaticFunction(function)
    for batch in (1, 2, 5):
        program(np.ones((batch, 3), np.float32), True)
    assert traced == [(None, 3)]
    program(np.ones((2, 4), np.float32), True)
    program(np.ones((2, 4), np.int32), True)
    program(np.ones((2, 4), np.int32), False)
    assert len(program.signatures) == len(traced) == 4


def test_graph_names_come_from_parameters_and_keys(numpy_target):
    scale = Variable(2.0, name="scale")

    def predict(x, extra):
        return {"doubled": x["image"] * scale, "extra": extra}

    prepared = StaticFunction(predict, "predict").prepare({"image": FLOATS}, FLOATS)
    assert [value.name for value in prepared.graph.inputs] == ["x_image", "extra"]
    assert prepared.graph.output_names == ("doubled", "extra")
    assert [slot.name for slot in prepared.graph.state] == ["scale"]
    prepared.launch([FLOATS, FLOATS])
    np.testing.assert_array_equal(prepared.fetch()[0], FLOATS * 2)


def test_variables_with_equal_paths_get_slots_of_their_own(numpy_target):
    first, second = Variable(1.0, name="same"), Variable(2.0, name="same")
    prepared = StaticFunction(lambda x: x * first + second, "f").prepare(FLOATS)
    assert [slot.name for slot in prepared.graph.state] == ["same", "same_1"]
    np.testing.assert_array_equal(prepared.run([FLOATS]), FLOATS + 2)


def test_constants_may_be_returned(numpy_target):
    result = StaticFunction(lambda x: (ops.ones((2,)), x))(FLOATS)
    np.testing.assert_array_equal(result[0], [1, 1])


def test_what_is_no_tensor_is_refused(numpy_target):
    with pytest.raises(TypeError, match="cannot return strings"):
        StaticFunction(lambda x: x, "f")(np.array(["a"]))
