"""Four models that are trained for fifty steps, on real Keras and on graphkeras alike.

`make_expected_fifty_steps.py` runs them on real Keras and stores the numbers; `test_fifty_steps.py` compares. Weights and
batches come from NumPy, and there is no dropout, so that both sides compute the same thing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

STEPS = 50
BATCH = 16


@dataclass(frozen=True)
class Training:
    """A compiled model and what it is trained on.

    Attributes:
        model: compiled, with weights from NumPy.
        batches: `STEPS` batches (x, y) or (x, y, sample_weight).
        held_out: the same, for `evaluate`.
        class_weight: for batches without sample_weight, or None.
    """

    model: Any
    batches: list[tuple[Any, ...]]
    held_out: tuple[Any, ...]
    class_weight: dict[int, float] | None = None


def convnet(keras: Any, rng: np.random.Generator) -> Training:
    """Convolutions, BatchNormalization, MaxPooling; SGD with Nesterov momentum. Images of bars, in four directions."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-3)),
        ]
    )
    _set_weights(model, rng)
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )

    def batch(size: int) -> tuple[Any, ...]:
        y = rng.integers(0, 4, size)
        x = rng.normal(scale=0.3, size=(size, 12, 12, 1)).astype("float32")
        for image, direction, place in zip(x, y, rng.integers(2, 10, size)):
            bar = {
                0: np.s_[place, :],
                1: np.s_[:, place],
                2: (np.arange(12), np.arange(12)),
                3: (np.arange(12), 11 - np.arange(12)),
            }
            image[(*bar[int(direction)], 0)] += 1.0
        return x, y.astype("int32")

    return Training(model, [batch(BATCH) for _ in range(STEPS)], batch(64))


def lstm_classifier(keras: Any, rng: np.random.Generator) -> Training:
    """Embedding that masks padding, LSTM, GRU; RMSprop with clipped gradients. Does token 1 or token 2 come more often?"""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(20, 8, mask_zero=True),
            layers.LSTM(12, return_sequences=True),
            layers.Bidirectional(layers.GRU(6)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    _set_weights(model, rng)
    model.compile(
        keras.optimizers.RMSprop(0.01, rho=0.85, momentum=0.5, centered=True, clipnorm=1.0),
        "binary_crossentropy",
        metrics=["accuracy", keras.metrics.AUC(name="auc")],
    )

    def batch(size: int) -> tuple[Any, ...]:
        x = rng.integers(1, 20, (size, 14)).astype("int32")
        x[rng.uniform(size=x.shape) < 0.4] = 1
        x[rng.uniform(size=x.shape) < 0.3] = 2
        for row, length in zip(x, rng.integers(4, 15, size)):
            row[length:] = 0
        return x, ((x == 1).sum(1) > (x == 2).sum(1)).astype("float32")[:, None]

    return Training(model, [batch(BATCH) for _ in range(STEPS)], batch(64))


def transformer_block(keras: Any, rng: np.random.Generator) -> Training:
    """Causal MultiHeadAttention, LayerNormalization, gelu; AdamW with warm-up, cosine decay and a global norm.

    The next token is the sum of the last two.
    """
    layers = keras.layers
    tokens = keras.Input((None,), dtype="int32")
    hidden = layers.Embedding(11, 16)(tokens)
    normal = layers.LayerNormalization()(hidden)
    hidden = layers.Add()([hidden, layers.MultiHeadAttention(2, 8)(normal, normal, use_causal_mask=True)])
    normal = layers.LayerNormalization()(hidden)
    hidden = layers.Add()([hidden, layers.Dense(16)(layers.Dense(32, activation="gelu")(normal))])
    model = keras.Model(tokens, layers.Dense(11)(layers.LayerNormalization()(hidden)))
    _set_weights(model, rng)
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 40, alpha=0.1, warmup_target=0.01, warmup_steps=10)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.02, beta_2=0.98, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    model.compile(
        optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["sparse_categorical_accuracy"]
    )

    def batch(size: int) -> tuple[Any, ...]:
        rows = rng.integers(0, 11, (size, 13))
        for place in range(2, 13):
            rows[:, place] = (rows[:, place - 1] + rows[:, place - 2]) % 11
        return rows[:, :-1].astype("int32"), rows[:, 1:].astype("int32")

    return Training(model, [batch(BATCH) for _ in range(STEPS)], batch(64))


def tabular_mlp(keras: Any, rng: np.random.Generator) -> Training:
    """Normalization of columns of different sizes, class or sample weights by turns, many metrics; Adam with AMSGrad."""
    scales, means = np.array([1, 10, 0.1, 100, 3]), np.array([0, 5, -1, 40, 0])
    layers, metrics = keras.layers, keras.metrics

    def batch(size: int) -> tuple[Any, ...]:
        normal = rng.normal(size=(size, 5))
        y = np.digitize(normal[:, 0] * normal[:, 1] + normal[:, 2], [-0.7, 0.7])
        x = (normal * scales + means).astype("float32")
        return x, np.eye(3, dtype="float32")[y], rng.uniform(0.2, 2.0, size).astype("float32")

    normalization = layers.Normalization()
    normalization.adapt(batch(200)[0])
    table = keras.Input((5,))
    hidden = layers.Dense(24, activation="swish")(normalization(table))
    hidden = layers.Concatenate()([hidden, layers.Dense(24, activation="tanh")(hidden)])
    model = keras.Model(table, layers.Dense(3, activation="softmax")(hidden))
    _set_weights(model, rng, skip=len(normalization.weights))
    model.compile(
        keras.optimizers.Adam(0.01, amsgrad=True),
        keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy", metrics.Precision(name="precision"), metrics.Recall(name="recall")],
        weighted_metrics=[metrics.CategoricalAccuracy(name="weighted"), metrics.MeanSquaredError(name="mse")],
    )
    batches = [batch(BATCH)[: 2 + step % 2] for step in range(STEPS)]
    return Training(model, batches, batch(64), {0: 1.5, 1: 0.5, 2: 1.0})


MODELS: dict[str, Callable[[Any, np.random.Generator], Training]] = {
    function.__name__: function for function in (convnet, lstm_classifier, transformer_block, tabular_mlp)
}


def figures(keras: Any, name: str) -> dict[str, Any]:
    """Train the model; what came out.

    Returns:
        ``names``: of the figures of a step; ``steps``: the figures of every step, shape (STEPS, names);
        ``evaluated``: on what was held out, before and after; ``predicted``: there; ``norms``: of all weights afterwards.
    """
    training = MODELS[name](keras, np.random.default_rng(50))
    model, steps = training.model, []
    before = _evaluated(model, training.held_out)
    for x, y, *weight in training.batches:
        model.reset_metrics()
        by_class = None if weight else training.class_weight
        logs = model.train_on_batch(x, y, *weight, class_weight=by_class, return_dict=True)
        steps.append([float(logs[key]) for key in sorted(logs)])
    return {
        "names": np.array(sorted(logs)),
        "steps": np.array(steps),
        "evaluated": np.array([before, _evaluated(model, training.held_out)]),
        "predicted": model.predict(training.held_out[0], verbose=0),
        "norms": np.array([np.linalg.norm(weight) for weight in model.get_weights()]),
    }


def _evaluated(model: Any, data: tuple[Any, ...]) -> list[float]:
    x, y, *weight = data
    logs = model.evaluate(x, y, sample_weight=weight[0] if weight else None, verbose=0, return_dict=True)
    return [float(logs[key]) for key in sorted(logs)]


def _set_weights(model: Any, rng: np.random.Generator, skip: int = 0) -> None:
    """Kernels like those of Glorot's initializer; scales near 1, variances above 0."""

    def draw(weight: Any) -> Any:
        shape = tuple(weight.shape)
        if weight.name in ("gamma", "moving_variance"):
            return rng.uniform(0.8, 1.2, shape)
        return rng.normal(scale=(2 / sum(shape[-2:])) ** 0.5 if len(shape) > 1 else 0.05, size=shape)

    given = model.get_weights()[:skip]
    model.set_weights(given + [draw(weight).astype("float32") for weight in model.weights[skip:]])
