"""What real Keras makes of the recurrent cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/layers/make_expected_recurrent.py     # writes expected_recurrent.npz beside itself
"""

import importlib.util
import json
from pathlib import Path

import jax
import keras
import numpy as np

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("recurrent_cases", HERE / "recurrent_cases.py")
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)

found = {}
for case in cases.CASES:
    layer = case.make(keras.layers)
    options = {"mask": cases.MASK} if case.masked else {}
    if case.states:
        options["initial_state"] = case.initial_state
    layer(case.inputs, **options)
    layer.set_weights(cases.weights_for([w.shape for w in layer.weights]))

    def loss(weights, layer=layer, options=options, x=case.inputs):
        outputs, _ = layer.stateless_call(weights, [v.value for v in layer.non_trainable_variables], x, **options)
        outputs = keras.tree.flatten(outputs)
        return sum(jax.numpy.sum(y * jax.numpy.cos(jax.numpy.arange(y.size).reshape(y.shape))) for y in outputs), outputs

    (_, outputs), gradients = jax.value_and_grad(loss, has_aux=True)([v.value for v in layer.trainable_variables])
    for k, output in enumerate(outputs):
        found[f"{case.label}:output{k}"] = np.asarray(output)
    for k, gradient in enumerate(gradients):
        found[f"{case.label}:gradient{k}"] = np.asarray(gradient)
    entry = json.loads(json.dumps(keras.saving.serialize_keras_object(case.make(keras.layers))))
    found[f"{case.label}:entry"] = np.array(json.dumps(entry, sort_keys=True))
np.savez_compressed(HERE / "expected_recurrent.npz", **found)
