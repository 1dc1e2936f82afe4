"""A convolution network that Keras 3.15.1 itself trained and wrote: it predicts and learns on as in Keras.

Beside the model, the .npz files hold its input, Keras's output, the loss of the next training step on the whole input, and all
weights after it. The optimizer is SGD with Nesterov momentum, so the step needs the optimizer's state, too.
"""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import graphkeras as keras

FILES = Path(__file__).parent / "files"
RECORDED = np.load(FILES / "convnet_functional.npz")
AFTER = np.load(FILES / "convnet_functional_after_next_step.npz")


def loaded(suffix):
    if suffix != ".weights.h5":
        return keras.models.load_model(FILES / f"convnet_functional{suffix}")
    model = keras.models.load_model(FILES / "convnet_functional.keras")
    for variable in (*model.weights, *model.optimizer.variables):
        variable.assign(np.zeros(variable.shape, variable.dtype))
    model.load_weights(FILES / "convnet_functional.weights.h5")
    return model


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_it_predicts_evaluates_and_trains_on_as_in_keras(suffix):
    model = loaded(suffix)
    np.testing.assert_allclose(model.predict(RECORDED["input_0"], verbose=0), RECORDED["output_0"], atol=1e-5)
    logs = model.evaluate(RECORDED["input_0"], RECORDED["target_0"], verbose=0, return_dict=True)
    np.testing.assert_allclose(logs["loss"], RECORDED["eval_loss"], rtol=1e-5)
    np.testing.assert_allclose(logs["acc"], RECORDED["eval_acc"], rtol=1e-6)
    loss = model.train_on_batch(RECORDED["input_0"], RECORDED["target_0"])
    np.testing.assert_allclose(np.ravel(loss)[0], RECORDED["next_train_on_batch_loss"], rtol=1e-5)
    for mine, key in zip(model.get_weights(), sorted(AFTER), strict=True):
        np.testing.assert_allclose(mine, AFTER[key], atol=1e-5, err_msg=key)


def test_it_can_be_exported(tmp_path):
    model = loaded(".keras")
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    for images in (RECORDED["input_0"], RECORDED["input_0"][:3]):
        np.testing.assert_allclose(session.run(None, {source.name: images})[0], RECORDED["output_0"][: len(images)], atol=1e-5)
