"""Models that define their own steps, as users write them: a GAN, a VAE, a distillation, and single overridden methods."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import graphkeras as keras
from graphkeras import ops

TARGETS = ("numpy", "onnxruntime")


@pytest.fixture(params=TARGETS)
def target(request):
    before = keras.config.target()
    keras.config.set_target(request.param)
    keras.utils.set_random_seed(7)
    yield request.param
    keras.config.set_target(before)


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return x[order].astype("float32") / 16, y[order]


class GAN(keras.Model):
    """Two networks, two optimizers, two losses in one step; noise is drawn inside."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator, self.generator, self.latent_dim = discriminator, generator, latent_dim
        self.seed_generator = keras.random.SeedGenerator(1)
        self.d_loss_tracker = keras.metrics.Mean(name="d_loss")
        self.g_loss_tracker = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    @property
    def metrics(self):
        return [self.d_loss_tracker, self.g_loss_tracker]

    def train_step(self, real):
        size = ops.shape(real)[0]
        noise = keras.random.normal((size, self.latent_dim), seed=self.seed_generator)
        both = ops.concatenate([self.generator(noise), real], axis=0)
        labels = ops.concatenate([ops.ones((size, 1)), ops.zeros((size, 1))], axis=0)
        d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(keras.gradients(d_loss, weights), weights)

        noise = keras.random.normal((size, self.latent_dim), seed=self.seed_generator)
        g_loss = self.loss_fn(ops.zeros((size, 1)), self.discriminator(self.generator(noise)))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(keras.gradients(g_loss, weights), weights)

        self.d_loss_tracker.update_state(d_loss)
        self.g_loss_tracker.update_state(g_loss)
        return {"d_loss": self.d_loss_tracker.result(), "g_loss": self.g_loss_tracker.result()}


def test_a_gan_learns_where_its_data_is(target):
    rng = np.random.default_rng(0)
    real = (rng.normal(size=(512, 2)) * [0.3, 0.1] + [2.0, -1.0]).astype("float32")
    layers = keras.layers
    discriminator = keras.Sequential([keras.Input((2,)), layers.Dense(16, activation="tanh"), layers.Dense(1)])
    generator = keras.Sequential([keras.Input((3,)), layers.Dense(16, activation="tanh"), layers.Dense(2)])
    gan = GAN(discriminator, generator, 3)
    gan.compile(
        keras.optimizers.Adam(0.01, beta_1=0.5),
        keras.optimizers.Adam(0.01, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    history = gan.fit(real, epochs=25, batch_size=64, verbose=0)
    assert set(history.history) == {"d_loss", "g_loss"} and np.isfinite(history.history["g_loss"]).all()
    made = generator.predict(rng.normal(size=(512, 3)).astype("float32"), verbose=0)
    np.testing.assert_allclose(made.mean(axis=0), [2.0, -1.0], atol=0.45)


class Sampling(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(5)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class VAE(keras.Model):
    """A step with two losses and three figures; evaluation has its own step."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction_loss", "kl_loss")]

    @property
    def metrics(self):
        return self.trackers

    def _losses(self, data):
        mean, log_variance, code = self.encoder(data)
        made = self.decoder(code)
        reconstruction = ops.mean(ops.sum(keras.losses.binary_crossentropy(data[..., None], made[..., None]), axis=1))
        kl = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        kl = ops.mean(ops.sum(kl, axis=1))
        return reconstruction + kl, reconstruction, kl

    def _figures(self, losses):
        for tracker, loss in zip(self.trackers, losses):
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def train_step(self, data):
        losses = self._losses(data)
        self.optimizer.apply_gradients(zip(keras.gradients(losses[0], self.trainable_weights), self.trainable_weights))
        return self._figures(losses)

    def test_step(self, data):
        return self._figures(self._losses(data))

    def predict_step(self, data):
        return self.encoder(data)[0]


def test_a_vae_learns_digits(digits, target):
    x = digits[0][:512]
    layers = keras.layers
    inputs = keras.Input((64,))
    hidden = layers.Dense(32, activation="relu")(inputs)
    mean, log_variance = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)
    encoder = keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(32, activation="relu"), layers.Dense(64, activation="sigmoid")])
    vae = VAE(encoder, decoder)
    vae.compile(optimizer=keras.optimizers.Adam(0.005))
    history = vae.fit(x, epochs=12, batch_size=64, verbose=0).history
    assert set(history) == {"loss", "reconstruction_loss", "kl_loss"}
    assert history["reconstruction_loss"][-1] < 0.8 * history["reconstruction_loss"][0]
    np.testing.assert_allclose(history["loss"], np.add(history["reconstruction_loss"], history["kl_loss"]), rtol=1e-5)
    assert vae.evaluate(x, verbose=0, return_dict=True)["kl_loss"] > 0.1
    assert vae.predict(x, verbose=0).shape == (512, 2)


class Distiller(keras.Model):
    """A student learns labels and what a frozen teacher says; `compute_loss` is what changes."""

    def __init__(self, student, teacher):
        super().__init__()
        self.student, self.teacher = student, teacher
        self.teacher.trainable = False

    def compile(self, optimizer, metrics, alpha, temperature):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.alpha, self.temperature = alpha, temperature
        self.student_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.distillation_loss = keras.losses.KLDivergence()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        teacher = self.teacher(x, training=False)
        student_loss = self.student_loss(y, y_pred)
        soft = [ops.softmax(logits / self.temperature, axis=1) for logits in (teacher, y_pred)]
        distillation_loss = self.distillation_loss(*soft) * self.temperature**2
        return self.alpha * student_loss + (1 - self.alpha) * distillation_loss

    def call(self, x):
        return self.student(x)


def test_a_student_learns_from_a_teacher(digits, target):
    x, y = digits[0][:600], digits[1][:600]
    layers = keras.layers
    teacher = keras.Sequential([keras.Input((64,)), layers.Dense(48, activation="relu"), layers.Dense(10)])
    teacher.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    teacher.fit(x, y, epochs=15, batch_size=32, verbose=0)
    taught = [w.copy() for w in teacher.get_weights()]
    student = keras.Sequential([keras.Input((64,)), layers.Dense(12, activation="relu"), layers.Dense(10)])
    distiller = Distiller(student, teacher)
    distiller.compile(
        keras.optimizers.Adam(0.005), [keras.metrics.SparseCategoricalAccuracy(name="accuracy")], alpha=0.1, temperature=10
    )
    history = distiller.fit(x, y, epochs=12, batch_size=32, verbose=0).history
    assert history["accuracy"][-1] > 0.85 and history["loss"][-1] < 0.5 * history["loss"][0]
    assert all(np.array_equal(a, b) for a, b in zip(taught, teacher.get_weights()))
    assert distiller.evaluate(x, y, verbose=0, return_dict=True)["accuracy"] > 0.85
    agree = student.predict(x, verbose=0).argmax(axis=1) == teacher.predict(x, verbose=0).argmax(axis=1)
    assert agree.mean() > 0.85


class Renamed(keras.Model):
    """`compute_metrics` and `predict_step` overridden; the steps are inherited."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")

    def call(self, x, training=False):
        return self.dense(x)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        figures = super().compute_metrics(x, y, y_pred, sample_weight)
        return {**figures, "largest": ops.max(ops.abs(y - y_pred))}

    def predict_step(self, data):
        return {"twice": 2 * self(data[0] if isinstance(data, tuple) else data, training=False)}


def test_single_methods_may_be_overridden(target):
    x = np.arange(12, dtype="float32").reshape(6, 2)
    model = Renamed()
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mae"])
    logs = model.evaluate(x, x[:, :1], batch_size=3, verbose=0, return_dict=True)
    assert logs["largest"] == x[:, 1].max() and logs["mae"] == pytest.approx(x[:, 1].mean())
    np.testing.assert_allclose(model.predict(x, verbose=0)["twice"], 2 * x.sum(axis=1, keepdims=True))
    assert list(model.fit(x, x[:, :1], verbose=0).history) == sorted(logs)
    with pytest.raises(TypeError, match="must return a dict of figures"):
        model.train_step = lambda data: model(data[0])
        model.make_train_function(force=True)
        model.fit(x, x[:, :1], verbose=0)


def test_gradient_accumulation_and_clipping_in_an_own_step(target):
    """`optimizer.apply` with gradients that the step has changed itself."""

    class Halved(Renamed):
        def train_step(self, data):
            x, y = data
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            gradients = [0.5 * gradient for gradient in keras.gradients(loss, self.trainable_weights)]
            self.optimizer.apply(gradients, self.trainable_weights)
            return {"loss": loss}

    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    halved, plain = Halved(), Renamed()
    for model, rate in ((halved, 0.2), (plain, 0.1)):
        model.compile(keras.optimizers.SGD(rate, gradient_accumulation_steps=2), "mse")
        model.fit(x, x[:, :1], batch_size=2, shuffle=False, verbose=0)
    for a, b in zip(halved.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_figures_of_all_metrics_as_keras_guides_return_them():
    """The compiled metrics are one of `self.metrics`, whose result is a dict: its figures stand beside the others."""

    class Own(keras.Model):
        def train_step(self, data):
            x, y = data
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(keras.gradients(loss, weights), weights, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = keras.Input((3,))
    model = Own(inputs, keras.layers.Dense(1)(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((8, 3), "float32"), np.zeros((8, 1), "float32")
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert list(history) == ["loss", "mae"] and len(history["mae"]) == 2
    assert set(model.train_on_batch(x, y, return_dict=True)) == {"loss", "mae"}


def test_weights_of_a_model_that_is_never_called_itself(tmp_path):
    """A GAN has a `train_step` and no `call`; its weights are those of its parts."""

    class Pair(keras.Model):
        def __init__(self, *parts):
            super().__init__()
            self.first, self.second = parts

        def train_step(self, data):
            loss = ops.mean(self.second(self.first(data)))
            self.optimizer.apply(keras.gradients(loss, self.trainable_weights), self.trainable_weights)
            return {"loss": loss}

    pair = Pair(*(keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]) for _ in range(2)))
    pair.compile("sgd")
    pair.fit(np.ones((4, 3), "float32"), verbose=0)
    before = pair.get_weights()
    pair.save_weights(tmp_path / "pair.weights.h5")
    pair.set_weights([0 * weight for weight in before])
    pair.load_weights(tmp_path / "pair.weights.h5")
    for weight, expected in zip(pair.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, expected)
    unbuilt = Pair(keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]), keras.Sequential([keras.layers.Dense(3)]))
    with pytest.raises(ValueError, match="it has none yet"):
        unbuilt.save_weights(tmp_path / "other.weights.h5")
