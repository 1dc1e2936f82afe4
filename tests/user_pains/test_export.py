"""Pain 9: ONNX export that works for some layers, one precision and one opset."""

import numpy as np
import onnx
import onnxruntime
import pytest

import graphkeras as keras

layers = keras.layers

#: Stock onnxruntime 1.31.1 ends the process in this optimizer for loops with bfloat16.
SAFE = {"disabled_optimizers": ["NchwcTransformer"]}

FAMILIES = {
    "dense": ((6,), lambda x: layers.Dense(3, activation="gelu")(layers.Dense(8, activation="relu")(x))),
    "convolution": ((8, 8, 3), lambda x: layers.DepthwiseConv2D(3)(layers.Conv2D(4, 3, strides=2, padding="same")(x))),
    "transposed convolution": ((5, 5, 3), lambda x: layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)),
    "separable convolution": ((7, 3), lambda x: layers.SeparableConv1D(5, 3, dilation_rate=2)(x)),
    "pooling": ((8, 8, 3), lambda x: layers.GlobalMaxPooling2D()(layers.AveragePooling2D(2)(layers.MaxPooling2D()(x)))),
    "normalization": (
        (5, 4),
        lambda x: layers.GroupNormalization(2)(layers.LayerNormalization()(layers.BatchNormalization()(x))),
    ),
    "rms and unit normalization": ((5, 4), lambda x: layers.UnitNormalization()(layers.RMSNormalization()(x))),
    "merging": ((4,), lambda x: layers.Concatenate()([layers.Add()([x, x * 2]), layers.Dot(1)([x, x])])),
    "reshaping": (
        (4, 6),
        lambda x: layers.RepeatVector(2)(layers.Flatten()(layers.Permute((2, 1))(layers.ZeroPadding1D(1)(x)))),
    ),
    "resizing": ((4, 4, 2), lambda x: layers.UpSampling2D(2, interpolation="bilinear")(x)),
    "attention": ((5, 8), lambda x: layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)),
    "grouped attention": ((5, 8), lambda x: layers.GroupQueryAttention(4, 4, 2)(x, x)),
    "simple rnn": ((5, 4), lambda x: layers.SimpleRNN(3, return_sequences=True)(x)),
    "lstm": ((5, 4), lambda x: layers.LSTM(3)(x)),
    "gru": ((5, 4), lambda x: layers.GRU(3, return_sequences=True)(x)),
    "reversed lstm": ((5, 4), lambda x: layers.LSTM(3, go_backwards=True, return_sequences=True)(x)),
    "reversed gru": ((5, 4), lambda x: layers.GRU(3, go_backwards=True, reset_after=False)(x)),
    "bidirectional lstm": ((5, 4), lambda x: layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)),
    "bidirectional gru": ((5, 4), lambda x: layers.Bidirectional(layers.GRU(3), merge_mode="sum")(x)),
    "masked lstm": ((5, 4), lambda x: layers.Bidirectional(layers.LSTM(3))(layers.Masking(0.0)(x))),
    "time distributed": ((5, 4), lambda x: layers.TimeDistributed(layers.Dense(3))(x)),
    "convolutional lstm": ((3, 5, 5, 2), lambda x: layers.ConvLSTM2D(2, 3)(x)),
    "activations": ((6,), lambda x: layers.PReLU()(layers.ELU()(layers.Softmax()(layers.LeakyReLU()(x))))),
    "rescaling": ((6,), lambda x: layers.Normalization(mean=1.0, variance=4.0)(layers.Rescaling(0.5, offset=1)(x))),
}


def check(family, path, tolerance, **export):
    """Export and run in stock onnxruntime, with other batch sizes than those of the export."""
    shape, build = FAMILIES[family]
    inputs = keras.Input(shape, name="x")
    model = keras.Model(inputs, build(inputs))
    rng = np.random.default_rng(4)
    for layer in model.layers:
        layer.set_weights([weight + 0.1 * rng.random(weight.shape).astype(weight.dtype) for weight in layer.get_weights()])
    model.export(path, verbose=False, **export)
    written = onnx.load(path)
    onnx.checker.check_model(written, full_check=True)
    assert [opset.version for opset in written.opset_import] == [export.get("opset_version", 18)]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"], **SAFE)
    for batch in (1, 3):
        x = rng.normal(size=(batch, *shape)).astype(inputs.dtype)
        x[:, -1] = 0  # a masked step
        (found,) = session.run(None, {"x": x})
        expected = model.predict(x, verbose=0)
        np.testing.assert_allclose(found.astype("float32"), expected.astype("float32"), rtol=tolerance, atol=tolerance)
    return written


@pytest.mark.parametrize("family", FAMILIES)
def test_9_every_family_of_layers_is_exported(family, tmp_path):
    """Pain: a chain of converters that lacks reversed and bidirectional recurrent layers. Here every family is written."""
    check(family, tmp_path / "m.onnx", 1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "float16"])
@pytest.mark.parametrize("family", ["dense", "convolution", "normalization", "attention", "bidirectional lstm", "reversed gru"])
def test_9_half_precision_is_exported(family, policy, tmp_path):
    """Pain: float32 only. Here the file computes in the precision of the model's policy."""
    keras.config.set_dtype_policy(policy)
    written = check(family, tmp_path / "m.onnx", 2e-2)
    inferred = onnx.shape_inference.infer_shapes(written).graph.value_info
    assert onnx.TensorProto.FLOAT16 in {value.type.tensor_type.elem_type for value in inferred}


@pytest.mark.filterwarnings("ignore:.*bfloat16.*")
@pytest.mark.parametrize("family", ["dense", "convolution", "attention", "bidirectional lstm"])
def test_9_bfloat16_is_exported(family, tmp_path):
    keras.config.set_dtype_policy("mixed_bfloat16")
    shape, build = FAMILIES[family]
    inputs = keras.Input(shape, name="x")
    model = keras.Model(inputs, layers.Activation("linear", dtype="float32")(build(inputs)))
    model.export(tmp_path / "m.onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"], **SAFE)
    x = np.random.default_rng(4).normal(size=(3, *shape)).astype("float32")
    (found,) = session.run(None, {"x": x})
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=5e-2, atol=5e-2)


@pytest.mark.parametrize("opset", [18, 19, 20, 21])
@pytest.mark.parametrize("family", ["pooling", "normalization", "bidirectional lstm", "resizing"])
def test_9_the_opset_can_be_chosen(family, opset, tmp_path):
    """Pain: the opset is whatever the converter has. Here it is an argument."""
    check(family, tmp_path / "m.onnx", 1e-5, opset_version=opset)


def test_9_an_opset_that_is_not_written_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"18.*21"):
        model.export(tmp_path / "m.onnx", opset_version=9)
    assert not (tmp_path / "m.onnx").exists()


def test_9_recurrent_layers_stay_whole(tmp_path):
    """The exported file has ONNX's LSTM, not a loop of fragments."""
    written = check("bidirectional lstm", tmp_path / "m.onnx", 1e-5)
    ops = [node.op_type for node in written.graph.node]
    assert "LSTM" in ops and "Scan" not in ops and "Loop" not in ops and len(ops) < 25
