"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/layers/convolution/make_expected.py     # writes expected.npz beside itself
"""

import importlib.util
import json
from pathlib import Path

import jax
import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("cases", HERE / "cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for number, case in enumerate(cases.CASES):
    layer = getattr(keras.layers, case.name)(**case.config, name="given")
    layer(case.inputs)
    layer.set_weights(cases.weights_for([w.shape for w in layer.weights]))
    found[f"{number}:output"] = keras.ops.convert_to_numpy(layer(case.inputs))
    found[f"{number}:loss"] = np.array([float(loss) for loss in layer.losses])

    def squares(weights, inputs, layer=layer):
        return (layer.stateless_call(weights, [], inputs)[0] ** 2).sum()

    values = [w.value for w in layer.trainable_variables]
    grads, of_inputs = jax.grad(squares, argnums=(0, 1))(values, jax.numpy.asarray(case.inputs))
    for k, grad in enumerate([*grads, of_inputs]):
        found[f"{number}:gradient{k}"] = np.asarray(grad)
    entry = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    found[f"{number}:entry"] = np.array(json.dumps(entry, sort_keys=True))
    found[f"{number}:case"] = np.array(case.label)
np.savez_compressed(HERE / "expected.npz", **found)
