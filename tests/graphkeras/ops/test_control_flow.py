"""Control flow as users write it: closures, variables, models, gradients, targets, and what is refused.

That the numbers are those of real Keras is tested with all other operations, from `tools/coverage/calls/control_flow.py`.
"""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import KerasTensor, Variable, ops
from graphkeras.compiler import driver
from graphkeras.tracing import StaticFunction
from tests.compiler.conformance import interpreter

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
TARGETS = ("numpy", "onnxruntime", "triton")


@pytest.fixture(params=TARGETS)
def target(request, monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    before = keras.config.target()
    keras.config.set_target(request.param)
    yield request.param
    keras.config.set_target(before)


def both(function, *args):
    """What it gives at once and as a compiled program; they agree."""
    eager, compiled = function(*args), StaticFunction(function)(*args)
    for one, other in zip(keras.tree.flatten(eager), keras.tree.flatten(compiled), strict=True):
        assert np.asarray(one).dtype == np.asarray(other).dtype
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)
    return compiled


def test_functions_read_what_is_around_them(target):
    weight = Variable(np.eye(3, dtype="float32") * 2.0)
    scale = ops.ones(3) * 3.0

    def run(x):
        shift = ops.mean(x, axis=0)
        last, steps = ops.scan(lambda h, row: ((h @ weight + row) * 0.1, h * scale + shift), shift, x)
        return last, ops.cond(ops.sum(x) > 0.0, lambda: steps + shift, lambda: weight * 1.0 @ shift + steps)

    both(run, X)
    both(run, -X)


def test_numbers_take_the_dtype_of_the_result():
    last, steps = both(lambda x: ops.scan(lambda total, row: (ops.add(total, ops.sum(row)), total * 2.0), 0, x), X)
    assert last.dtype == steps.dtype == np.float32
    value = both(lambda x: ops.cond(ops.sum(x) > 0.0, lambda: x, lambda: x * 0.5), X)
    assert value.dtype == np.float32
    mixed = StaticFunction(lambda x: ops.cond(ops.sum(x) > 100.0, lambda: 1, lambda: ops.sum(x)))(X)
    assert mixed.dtype == np.float32


def test_gradients_flow_through_everything_but_while(target):
    def loss(x):
        total = ops.fori_loop(0, 3, lambda i, h: ops.tanh(h * 1.5) + ops.cast(i, "float32") * x[0], x[1])
        rows = ops.map(lambda row: row * ops.sum(row), x)
        chosen = ops.cond(ops.sum(x) > 0.0, lambda: ops.sum(rows * total), lambda: ops.sum(rows + total))
        return chosen + ops.sum(ops.switch(ops.cast(x[0, 0] * 0.0, "int32") + 1, [ops.sin, ops.exp, ops.cos], x))

    for x in (X, -X):
        (slope,) = StaticFunction(lambda x: [keras.gradients(loss(x), x)])(x)
        for place in ((0, 0), (1, 2), (3, 1)):
            step = np.zeros_like(x, "float64")
            step[place] = 1e-3
            ahead, behind = (float(loss((x + sign * step).astype("float32"))) for sign in (1, -1))
            assert abs((ahead - behind) / 2e-3 - slope[place]) < 2e-2


def test_second_derivatives():
    def value(x):
        return ops.sum(ops.scan(lambda h, row: (ops.sin(h * row), h), x[0], x)[0])

    def second(x):
        first = keras.gradients(value(x), x)
        return keras.gradients(ops.sum(first * first), x)

    exact = StaticFunction(second)(X)

    def first_squared(x):
        return float(np.sum(np.float64(StaticFunction(lambda x: keras.gradients(value(x), x))(x)) ** 2))

    step = np.zeros_like(X)
    step[2, 1] = 1e-2
    assert abs((first_squared(X + step) - first_squared(X - step)) / 2e-2 - exact[2, 1]) < 1e-2


def test_a_while_loop_stops_when_it_should():
    def newton(x):
        def go_on(guess, count):
            return ops.any(ops.abs(guess * guess - ops.abs(x)) > 1e-3)

        return ops.while_loop(
            go_on, lambda guess, count: ((guess + ops.abs(x) / guess) / 2.0, count + 1), (ops.ones_like(x), 0)
        )

    root, rounds = both(newton, X)
    np.testing.assert_allclose(root, np.sqrt(np.abs(X)), atol=1e-2)
    assert 2 < rounds < 30
    assert both(lambda x: ops.while_loop(lambda i: i < 10, lambda i: i + 1, 0, maximum_iterations=4), X) == 4


def test_kernels_refuse_while_loops_and_say_what_to_do(monkeypatch):
    monkeypatch.setitem(driver._BACKENDS, "triton", interpreter())
    keras.config.set_target("triton")
    function = StaticFunction(lambda x: ops.while_loop(lambda y: ops.sum(y) < 9.0, lambda y: y + 1.0, x))
    message = r"while_loop .*test_control_flow.py:\d+.*Give it maximum_iterations.*use ops.fori_loop"
    with pytest.raises(NotImplementedError, match=message):
        function(X)
    keras.config.set_target("numpy")


# ---- variables ----------------------------------------------------------------------------------------------------------


def test_variables_cannot_be_assigned_inside():
    counter = Variable(np.zeros((), "float32"), name="counter")

    def count(x):
        return ops.scan(lambda h, row: (h + counter.assign_add(1.0), row), ops.zeros(()), x)

    with pytest.raises(ValueError, match=r"ops.scan: the function assigns the variable 'counter'.*Carry the new value"):
        StaticFunction(count)(X)


def test_variables_have_their_value_as_of_then():
    variable = Variable(np.ones((), "float32"))

    def run(x):
        variable.assign(ops.sum(x) * 0.0 + 5.0)
        return ops.map(lambda row: row * variable, x)

    np.testing.assert_allclose(StaticFunction(run)(X), X * 5.0, rtol=1e-6)
    assert float(variable) == 5.0


def test_random_numbers_are_drawn_outside():
    layer = keras.layers.Dropout(0.5)

    def run(x):
        return ops.map(lambda row: layer(row, training=True), x)

    with pytest.raises(ValueError, match=r"ops.map: the function assigns the variable .*draw random numbers before it"):
        StaticFunction(run)(X)


# ---- models -------------------------------------------------------------------------------------------------------------


def test_in_a_functional_model():
    x = keras.Input((3,))
    running, _ = ops.scan(lambda total, row: (total + row, total), ops.zeros(3), x)
    steps = ops.map(lambda row: row * 2.0, x)
    model = keras.Model(x, [running, steps])
    total, doubled = model(X)
    np.testing.assert_allclose(total, X.sum(0), rtol=1e-5)
    np.testing.assert_allclose(doubled, X * 2.0)


def test_a_functional_model_refuses_functions_that_read_its_tensors():
    x = keras.Input((3,))
    shift = ops.sin(x)
    with pytest.raises(ValueError, match=r"ops.map: the function '<lambda>' reads the symbolic tensor .*Pass the tensor as an"):
        ops.map(lambda row: row + ops.sum(shift), x)


class Recurrence(keras.layers.Layer):
    """h = tanh(x W + h U), by hand; h of the last step."""

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], 5), name="kernel")
        self.recurrent = self.add_weight((5, 5), name="recurrent")

    def call(self, x):
        start = ops.zeros((ops.shape(x)[0], 5))
        steps = ops.swapaxes(x, 0, 1)
        last, _ = ops.scan(lambda h, now: (ops.tanh(now @ self.kernel + h @ self.recurrent), None), start, steps)
        return last


def test_a_layer_with_a_loop_trains(target):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6, 3)), Recurrence(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 6, 3)).astype("float32")
    y = x.sum((1, 2))[:, None] * 0.1
    epochs = 2 if target == "triton" else 20
    losses = model.fit(x, y, epochs=epochs, batch_size=8, verbose=0, shuffle=False).history["loss"]
    assert losses[-1] < losses[0]


# ---- writing derivatives down -------------------------------------------------------------------------------------------


@ops.custom_gradient
def log1pexp(x):
    e = ops.exp(x)

    def grad(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return upstream * (1.0 - 1.0 / (1.0 + e))

    return ops.log(1.0 + e), grad


@ops.custom_gradient
def scaled(x, factor):
    """Its gradient is 10 times too large on purpose, and there is none for the factor."""
    return {"y": x * factor}, lambda upstream: (upstream["y"] * factor * 10.0, None)


def test_custom_gradient(target):
    np.testing.assert_allclose(log1pexp(X), np.log1p(np.exp(X)), rtol=1e-5)
    large = np.full((2,), 100.0, "float32")
    (slope, second) = StaticFunction(lambda x: _two_derivatives(x))(np.concatenate([X[0], large]))
    sigmoid = 1 / (1 + np.exp(-np.float64(X[0])))
    np.testing.assert_allclose(slope, [*sigmoid, 1, 1], rtol=1e-5)
    np.testing.assert_allclose(second[:3], sigmoid * (1 - sigmoid), rtol=1e-4)


def _two_derivatives(x):
    first = keras.gradients(ops.sum(log1pexp(x)), x)
    return first, keras.gradients(ops.sum(first), x)


def test_custom_gradient_of_several_arguments():
    def run(x):
        factor = ops.mean(x)
        return [keras.gradients(ops.sum(scaled(x, factor)["y"]), x)], factor

    (slope,), factor = StaticFunction(run)(X)
    np.testing.assert_allclose(slope, np.full_like(X, 10.0 * factor), rtol=1e-5)


def test_custom_gradient_says_what_is_wrong():
    with pytest.raises(TypeError, match=r"must return its result and a function for the gradient"):
        ops.custom_gradient(lambda x: x)(X)
    bad = ops.custom_gradient(lambda x: (x * 1.0, lambda upstream: ops.sum(upstream)))
    with pytest.raises(ValueError, match=r"the gradient of <lambda> for an argument of type float32\[batch,3\] has type"):
        StaticFunction(bad)(X)


# ---- vectorize ----------------------------------------------------------------------------------------------------------


def test_vectorize():
    step = ops.vectorize(lambda a, b: ops.where(a > b, a - b, a + b))
    expected = np.where(X[0] < X, X - X[0], X + X[0])
    np.testing.assert_allclose(both(lambda x: step(x, X[0]), X), expected, rtol=1e-6)
    product = ops.vectorize(ops.matmul, signature="(m,n),(n,p)->(m,p)")
    a, b = np.float32(np.arange(24).reshape(2, 1, 3, 4)), np.float32(np.arange(40).reshape(2, 4, 5))
    np.testing.assert_allclose(both(lambda a, b: product(a, b), a, b), a @ b)
    power = ops.vectorize(lambda x, n: x**n, excluded={1})
    np.testing.assert_allclose(power(X, 2), X**2, rtol=1e-6)
    with pytest.raises(ValueError, match=r"a signature looks like '\(m,n\),\(n\)->\(m\)', got 'm->n'"):
        ops.vectorize(ops.sin, signature="m->n")
    with pytest.raises(ValueError, match=r"n in '\(n\),\(n\)->\(\)' is 3 and 4"):
        ops.vectorize(lambda a, b: ops.sum(a * b), signature="(n),(n)->()")(X[0], X[:, 0])


# ---- what is refused ----------------------------------------------------------------------------------------------------

REFUSED = [
    (lambda x: ops.cond(x > 0, lambda: x, lambda: x), ValueError, r"must be one boolean, .* got shape \(batch, 3\)"),
    (lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: [x]), ValueError, "both functions must return the same structure"),
    (lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: x[0]), ValueError, "tensors of the same shape and dtype"),
    (lambda x: ops.cond(ops.sum(x) > 0, x, lambda: x), TypeError, "ops.cond: true_fn must be a function, got"),
    (lambda x: ops.switch(ops.cast(ops.sum(x), "int32"), []), ValueError, "give at least one branch"),
    (lambda x: ops.scan(lambda h, row: h, x[0], x), ValueError, r"must return the new state and a result, as \(carry, y\)"),
    (lambda x: ops.scan(lambda h, row: (x, h), x[0], x), ValueError, r"tensor 0 of the state is float32\[3\]"),
    (lambda x: ops.scan(lambda h, row: ([h], h), x[0], x), ValueError, "f must give back the structure of the state"),
    (lambda x: ops.scan(lambda h, row: (h, h), x[0]), ValueError, "give xs, or the number of rounds as length"),
    (lambda x: ops.scan(lambda h, row: (h, h), x[0], [x, x[0]]), ValueError, "must have one size, got"),
    (lambda x: ops.while_loop(lambda y: y > 0, lambda y: y, x), ValueError, "cond must return one boolean, got bool"),
    (lambda x: ops.while_loop(lambda y: ops.sum(y) > 0, lambda y: y[0], x), ValueError, "every round must give back"),
    (lambda x: ops.map(lambda row: row, ops.sum(x)), ValueError, "a scalar has no slices"),
    (lambda x: ops.associative_scan(ops.add, x), NotImplementedError, "is known only when the model runs"),
    (lambda x: keras.gradients(ops.sum(ops.while_loop(lambda y: ops.sum(y) < 3, lambda y: y * 2, x)), x),
     NotImplementedError, "while_loop has no gradient"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refusals_say_what_fits(number):
    function, error, message = REFUSED[number]
    with pytest.raises(error, match=message):
        StaticFunction(function)(X)


def test_symbols_in_and_symbols_out():
    x = KerasTensor((None, 3))
    last, kept = ops.scan(lambda h, row: (h + row, {"h": h}), ops.zeros(3), x)
    assert last.shape == (3,) and kept["h"].shape == (None, 3)
    assert ops.vectorized_map(lambda row: ops.sum(row), x).shape == (None,)
