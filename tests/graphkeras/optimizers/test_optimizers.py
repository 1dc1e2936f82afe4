"""Optimizers and schedules compute what real Keras computes (expected.npz, written by make_expected.py)."""

import ast
from pathlib import Path

import numpy as np
import pytest

from graphkeras import ops, optimizers
from graphkeras.tracing import StaticFunction
from graphkeras.variable import Variable

HERE = Path(__file__).parent
EXPECTED = np.load(HERE / "expected.npz")

_MORE = ["Adafactor", "Lamb", "Muon", "Ftrl"]


def _cases(name):
    """A literal table of make_expected.py, which needs real Keras to be imported."""
    tree = ast.parse((HERE / "make_expected.py").read_text())
    return next(
        ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == name
    )


def _gradients_and_start():
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype("float32") for shape in ((2, 3), (3,))]
    return start, [[rng.normal(size=shape).astype("float32") for shape in ((2, 3), (3,))] for _ in range(6)]


def _made(kind, arguments):
    arguments = dict(arguments)
    if isinstance(arguments["learning_rate"], tuple):
        schedule, given = arguments["learning_rate"]
        arguments["learning_rate"] = getattr(optimizers.schedules, schedule)(*given)
    return getattr(optimizers, kind)(**arguments)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "eager"])
@pytest.mark.parametrize("name", _cases("OPTIMIZERS"))
def test_steps_and_state_are_those_of_keras(name, compiled):
    kind, arguments = _cases("OPTIMIZERS")[name]
    optimizer = _made(kind, arguments)
    start, steps = _gradients_and_start()
    variables = [Variable(value, name=label) for value, label in zip(start, ("k", "b"))]
    optimizer.build(variables)

    def update(*batches):  # axis 0 of an argument is the batch, of size 1 here
        return optimizer.apply([ops.sum(batch, axis=0) for batch in batches], variables)

    step = StaticFunction(update) if compiled else update
    for gradients in steps:
        step(*[gradient[None] for gradient in gradients])
    for position, variable in enumerate(variables):
        np.testing.assert_allclose(variable.numpy(), EXPECTED[f"{name}/weight/{position}"], rtol=5e-6, atol=2e-6)
    stored = [key for key in EXPECTED.files if key.startswith(f"{name}/state/")]
    assert len(optimizer.variables) == len(stored)
    for position, variable in enumerate(optimizer.variables):
        expected = EXPECTED[f"{name}/state/{position}"]
        assert variable.numpy().shape == expected.shape
        np.testing.assert_allclose(variable.numpy(), expected, rtol=3e-6, atol=2e-7, err_msg=variable.path)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "eager"])
def test_loss_scale_is_that_of_keras(compiled):
    """A step with infinite gradients changes the scale only; good steps double it now and then."""
    optimizer = optimizers.LossScaleOptimizer(optimizers.Adam(0.05), **_cases("LOSS_SCALE"))
    start, steps = _gradients_and_start()
    steps[2][1][0] = np.inf
    variables = [Variable(value, name=label) for value, label in zip(start, ("k", "b"))]
    optimizer.build(variables)

    def update(*batches):
        return optimizer.apply([ops.sum(batch, axis=0) for batch in batches], variables)

    step = StaticFunction(update) if compiled else update
    scales = []
    for gradients in steps:
        step(*[gradient[None] for gradient in gradients])
        scales.append([float(optimizer.dynamic_scale), int(optimizer.step_counter)])
    np.testing.assert_array_equal(scales, EXPECTED["loss_scale/scales"])
    for position, variable in enumerate([*variables, *optimizer.variables]):
        np.testing.assert_allclose(variable.numpy(), EXPECTED[f"loss_scale/{position}"], rtol=5e-6, atol=2e-6)
    assert int(optimizer.iterations) == len(steps) - 1


def test_loss_scale_config_and_learning_rate():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.25), initial_scale=4.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
    assert isinstance(again.inner_optimizer, optimizers.SGD) and again.inner_optimizer.momentum == 0.25
    optimizer.learning_rate = 0.125
    assert float(optimizer.lr) == float(optimizer.inner_optimizer.learning_rate) == 0.125
    assert float(optimizer.scale_loss(2.0)) == 8.0
    with pytest.raises(ValueError, match=r"clipnorm=1\.0 to the inner optimizer"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), clipnorm=1.0)
    with pytest.raises(ValueError, match="must be an integer from 2"):
        optimizers.SGD(gradient_accumulation_steps=1)


@pytest.mark.parametrize("name", _cases("SCHEDULES"))
def test_schedules_are_those_of_keras(name):
    kind, arguments = _cases("SCHEDULES")[name]
    schedule = getattr(optimizers.schedules, kind)(**arguments)
    found = [float(schedule(step)) for step in range(25)]
    np.testing.assert_allclose(found, EXPECTED[f"schedule/{name}"], rtol=2e-5, atol=1e-7)
    again = optimizers.schedules.deserialize(optimizers.schedules.serialize(schedule))
    assert float(again(7)) == found[7]


def test_optimizers_are_found_by_name_in_any_case():
    assert isinstance(optimizers.get("adam"), optimizers.Adam)
    assert isinstance(optimizers.get("SGD"), optimizers.SGD)
    assert isinstance(optimizers.get("RMSprop"), optimizers.RMSprop)
    assert isinstance(optimizers.get(optimizers.Adam), optimizers.Adam)


def test_an_unknown_name_lists_near_matches():
    with pytest.raises(ValueError, match=r"'adm' is not the name of an optimizer. Did you mean .*'adam"):
        optimizers.get("adm")
    with pytest.raises(TypeError, match="got 3"):
        optimizers.get(3)


def test_lr_is_learning_rate():
    optimizer = optimizers.Adam(lr=0.25)
    assert float(optimizer.learning_rate.numpy()) == 0.25
    assert optimizer.lr is optimizer.learning_rate
    optimizer.lr = 0.5
    assert float(optimizer.learning_rate.numpy()) == 0.5
    optimizer.learning_rate = 0.125
    assert optimizer.get_config()["learning_rate"] == 0.125


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": -1}, "not negative"),
        ({"learning_rate": "fast"}, "'fast'"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "only one of"),
        ({"clipnorm": -1.0}, "clipnorm must be greater than 0"),
        ({"weight_decay": -1.0}, "weight_decay must not be negative"),
        ({"beta_1": 1.5}, "beta_1 must lie in"),
    ],
)
def test_wrong_numbers_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        optimizers.Adam(**arguments)


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="'learn_rate'"):
        optimizers.SGD(learn_rate=0.1)


def test_a_variable_it_was_not_built_for_is_refused():
    optimizer = optimizers.SGD()
    known, foreign = Variable(np.ones(2, "float32"), name="known"), Variable(np.ones(2, "float32"), name="foreign")
    optimizer.build([known])
    with pytest.raises(ValueError, match=r"not built for the variable 'foreign'; it knows known"):
        optimizer.apply([np.ones(2, "float32")], [foreign])
    with pytest.raises(ValueError, match="2 gradients for 1 variables"):
        optimizer.apply([1, 2], [known])
    with pytest.raises(ValueError, match="no gradient for any variable"):
        optimizer.apply([None], [known])


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Lion", *_MORE])
def test_config_round_trip(kind):
    optimizer = getattr(optimizers, kind)(learning_rate=0.25, clipnorm=2.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_own_optimizer():
    class Sign(optimizers.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, learning_rate * gradient)

    optimizer = Sign(0.5)
    weight = Variable(np.ones(2, "float32"), name="w")
    optimizer.apply_gradients([(np.array([1.0, 2.0], "float32"), weight)])
    np.testing.assert_array_equal(weight.numpy(), [0.5, 0.0])
    assert int(optimizer.iterations) == 1
