"""Names of older Keras that code still uses."""

import graphkeras as keras


def test_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        assert keras.mixed_precision.global_policy() == keras.mixed_precision.Policy("mixed_bfloat16")
        assert keras.layers.Dense(1).compute_dtype == "bfloat16" and keras.layers.Dense(1).variable_dtype == "float32"
    finally:
        keras.config.set_dtype_policy("float32")


def test_legacy_optimizers():
    optimizer = keras.optimizers.legacy.Adam(lr=0.5, decay=0)
    assert isinstance(optimizer, keras.optimizers.Adam) and float(optimizer.lr) == 0.5
