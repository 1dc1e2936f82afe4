"""LoRA: the main weight stays, two small ones are trained."""

import numpy as np
import pytest

import graphkeras as keras
from graphkeras import layers

X = np.random.default_rng(0).normal(size=(16, 5)).astype(np.float32)
IDS = np.random.default_rng(1).integers(0, 7, (16, 3))
CASES = {
    "Dense": (lambda **options: layers.Dense(4, **options), X),
    "EinsumDense": (lambda **options: layers.EinsumDense("ab,bcd->acd", (2, 3), bias_axes="d", **options), X),
    "Embedding": (lambda **options: layers.Embedding(7, 4, **options), IDS),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def network(make, data, **options):
    return keras.Sequential(
        [keras.Input(data.shape[1:], dtype=data.dtype.name), make(name="adapted", **options), layers.Flatten()]
    )


def test_nothing_changes_at_first_and_only_small_weights_are_trained(case, tmp_path):
    make, data = case
    model = network(make, data)
    layer = model.layers[0]
    before, frozen = model.predict(data, verbose=0), layer._main.numpy()
    layer.enable_lora(2, lora_alpha=3.0)
    assert np.allclose(model.predict(data, verbose=0), before, atol=1e-6)
    assert [w.name for w in layer.trainable_weights if "lora" in w.name] == [f"lora_{layer.main_weight}_{x}" for x in "ab"]
    assert [w.name for w in layer.non_trainable_weights] == [layer.main_weight]
    model.compile(keras.optimizers.Adam(0.1), "mse")
    losses = model.fit(data, np.ones_like(before), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0] and np.array_equal(layer._main.numpy(), frozen)
    after = model.predict(data, verbose=0)
    merged = np.asarray(getattr(layer, layer.main_weight))
    assert np.allclose(merged, frozen + 1.5 * layer._lora_a.numpy() @ layer._lora_b.numpy(), atol=1e-5)

    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    again = loaded.layers[0]
    assert again.lora_enabled and again.lora_rank == 2 and again.lora_alpha == 3.0
    assert np.allclose(loaded.predict(data, verbose=0), after, atol=1e-5)
    assert np.allclose(again._main.numpy(), merged, atol=1e-6) and not again._lora_b.numpy().any()

    model.save_weights(tmp_path / "model.weights.h5")
    plain = network(make, data)
    plain.load_weights(tmp_path / "model.weights.h5")
    assert np.allclose(plain.predict(data, verbose=0), after, atol=1e-5)


def test_lora_from_the_constructor(case):
    make, data = case
    layer = network(make, data, lora_rank=2).layers[0]
    assert layer.lora_enabled and layer.get_config()["lora_alpha"] == 2
    copy = type(layer).from_config(layer.get_config())
    assert copy.lora_rank == 2 and not copy.lora_enabled  # it is not built yet
    assert "lora_rank" not in make().get_config()


def test_errors():
    dense = layers.Dense(3)
    with pytest.raises(ValueError, match="build the layer first"):
        dense.enable_lora(2)
    with pytest.raises(AttributeError, match="has no kernel yet"):
        _ = dense.kernel
    dense.build((None, 4))
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="lora_rank must be a positive integer"):
            dense.enable_lora(wrong)
    dense.enable_lora(2)
    with pytest.raises(ValueError, match="enabled already"):
        dense.enable_lora(2)
    bound = layers.Dense(3, kernel_constraint="max_norm")
    bound.build((None, 4))
    with pytest.raises(ValueError, match="does not go with a constraint"):
        bound.enable_lora(2)
    with pytest.raises(NotImplementedError, match="quantization is not supported"):
        layers.Dense(3, quantization_config={})
