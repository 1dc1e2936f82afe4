"""Writes expected.npz: what real Keras computes, for the tests of optimizers, schedules, losses and metrics.

Run with an environment that has Keras and JAX: ``KERAS_BACKEND=jax python tests/graphkeras/optimizers/make_expected.py``
"""

from pathlib import Path

import keras
import numpy as np

HERE = Path(__file__).parent
STEPS = 6

OPTIMIZERS = {
    "sgd": ("SGD", {"learning_rate": 0.1}),
    "sgd_momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    "sgd_nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd_decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1}),
    "adam": ("Adam", {"learning_rate": 0.05}),
    "adam_amsgrad": ("Adam", {"learning_rate": 0.05, "amsgrad": True}),
    "adam_clipnorm": ("Adam", {"learning_rate": 0.05, "clipnorm": 0.5}),
    "adam_clipvalue": ("SGD", {"learning_rate": 0.05, "clipvalue": 0.5}),
    "sgd_global_clipnorm": ("SGD", {"learning_rate": 0.05, "global_clipnorm": 0.5}),
    "adam_ema": ("Adam", {"learning_rate": 0.05, "use_ema": True, "ema_momentum": 0.9}),
    "adam_ema_overwrite": ("Adam", {"learning_rate": 0.05, "use_ema": True, "ema_overwrite_frequency": 3}),
    "adamw": ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.2}),
    "adamax": ("Adamax", {"learning_rate": 0.05}),
    "nadam": ("Nadam", {"learning_rate": 0.05}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.05}),
    "rmsprop_momentum": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.8}),
    "rmsprop_centered": ("RMSprop", {"learning_rate": 0.05, "momentum": 0.8, "centered": True}),
    "adagrad": ("Adagrad", {"learning_rate": 0.5}),
    "adadelta": ("Adadelta", {"learning_rate": 1.0}),
    "lion": ("Lion", {"learning_rate": 0.05}),
    "adafactor": ("Adafactor", {"learning_rate": 0.5}),
    "adafactor_decay": ("Adafactor", {"learning_rate": 0.05, "weight_decay": 0.1}),
    "lamb": ("Lamb", {"learning_rate": 0.05}),
    "muon": ("Muon", {"learning_rate": 0.05}),
    "muon_plain": ("Muon", {"learning_rate": 0.05, "nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5}),
    "ftrl": ("Ftrl", {"learning_rate": 0.5}),
    "ftrl_options": (
        "Ftrl",
        {
            "learning_rate": 0.5,
            "l1_regularization_strength": 0.3,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.2,
        },
    ),
    "sgd_accumulated": ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "gradient_accumulation_steps": 3}),
    "adam_accumulated": (
        "Adam",
        {"learning_rate": 0.1, "gradient_accumulation_steps": 4, "weight_decay": 0.1, "clipnorm": 0.5, "use_ema": True},
    ),
    "adam_schedule": ("Adam", {"learning_rate": ("ExponentialDecay", (0.1, 2, 0.5))}),
}

#: Around Adam; the gradients of the third step hold infinity.
LOSS_SCALE = {"initial_scale": 8.0, "dynamic_growth_steps": 2}

SCHEDULES = {
    "exponential": ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5}),
    "exponential_stairs": (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 5, "decay_rate": 0.5, "staircase": True},
    ),
    "piecewise": ("PiecewiseConstantDecay", {"boundaries": [3, 8], "values": [1.0, 0.5, 0.1]}),
    "polynomial": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    "polynomial_cycle": ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "cycle": True}),
    "inverse": ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
    "cosine": ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.1}),
    "cosine_warmup": (
        "CosineDecay",
        {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.2, "warmup_steps": 4},
    ),
    "restarts": ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "m_mul": 0.5}),
    "restarts_equal": ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0}),
}


def gradients_and_start():
    """Gradients of STEPS steps for a kernel (2, 3) and a bias (3,), and the first weights."""
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype("float32") for shape in ((2, 3), (3,))]
    steps = [[rng.normal(size=shape).astype("float32") for shape in ((2, 3), (3,))] for _ in range(STEPS)]
    return start, steps


def main():
    expected = {}
    for name, (kind, arguments) in OPTIMIZERS.items():
        arguments = dict(arguments)
        if isinstance(arguments["learning_rate"], tuple):
            schedule, given = arguments["learning_rate"]
            arguments["learning_rate"] = getattr(keras.optimizers.schedules, schedule)(*given)
        optimizer = getattr(keras.optimizers, kind)(**arguments)
        start, steps = gradients_and_start()
        variables = [keras.Variable(value, name=label) for value, label in zip(start, ("k", "b"))]
        optimizer.build(variables)
        for gradients in steps:
            optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], variables)
        for position, variable in enumerate(variables):
            expected[f"{name}/weight/{position}"] = np.asarray(variable.value)
        for position, variable in enumerate(optimizer.variables):
            expected[f"{name}/state/{position}"] = np.asarray(variable.value)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.05), **LOSS_SCALE)
    start, steps = gradients_and_start()
    steps[2][1][0] = np.inf
    variables = [keras.Variable(value, name=label) for value, label in zip(start, ("k", "b"))]
    optimizer.build(variables)
    scales = []
    for gradients in steps:
        state, weights = [v.value for v in optimizer.variables], [v.value for v in variables]
        weights, state = optimizer.stateless_apply(state, [keras.ops.convert_to_tensor(g) for g in gradients], weights)
        for variable, value in zip([*variables, *optimizer.variables], [*weights, *state]):
            variable.assign(value)
        scales.append([float(optimizer.scale_loss(1.0)), int(optimizer.step_counter.value)])
    expected["loss_scale/scales"] = np.array(scales, "float32")
    for position, variable in enumerate([*variables, *optimizer.variables]):
        expected[f"loss_scale/{position}"] = np.asarray(variable.value)
    for name, (kind, arguments) in SCHEDULES.items():
        schedule = getattr(keras.optimizers.schedules, kind)(**arguments)
        expected[f"schedule/{name}"] = np.array([float(schedule(step)) for step in range(25)], "float32")
    np.savez_compressed(HERE / "expected.npz", **expected)


if __name__ == "__main__":
    main()
