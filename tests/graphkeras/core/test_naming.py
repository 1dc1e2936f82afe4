"""Automatic names."""

import pytest

from graphkeras import naming, utils


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("Conv2DTranspose", "conv2d_transpose"),
        ("BatchNormalization", "batch_normalization"),
        ("ReLU", "re_lu"),
        ("PReLU", "p_re_lu"),
        ("LeakyReLU", "leaky_re_lu"),
        ("LSTM", "lstm"),
        ("ELU", "elu"),
        ("RMSNormalization", "rms_normalization"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
        ("MyLayer", "my_layer"),
    ],
)
def test_snake_case_as_keras_writes_it(name, snake):
    assert naming.to_snake_case(name) == snake


def test_numbers_start_anew_after_clear_session():
    utils.clear_session()
    assert [naming.auto_name("MyThing") for _ in range(3)] == ["my_thing", "my_thing_1", "my_thing_2"]
    utils.clear_session()
    assert naming.auto_name("MyThing") == "my_thing"
