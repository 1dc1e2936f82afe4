"""What real Keras makes of the cases; run it after changing them, in a Python that has keras and jax:

KERAS_BACKEND=jax python tests/graphkeras/layers/make_expected.py     # writes expected.npz beside itself
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
    options = {} if case.training is None else {"training": case.training}
    layer(case.inputs)
    layer.set_weights(cases.weights_for([w.shape for w in layer.weights]))
    if layer.trainable_weights:

        def squares(weights, layer=layer, inputs=case.inputs, options=options):
            others = [v.value for v in layer.non_trainable_variables]
            return (layer.stateless_call(weights, others, inputs, **options)[0] ** 2).sum()

        for k, gradient in enumerate(jax.grad(squares)([w.value for w in layer.trainable_weights])):
            found[f"{number}:gradient{k}"] = np.asarray(gradient)
    found[f"{number}:output"] = keras.ops.convert_to_numpy(layer(case.inputs, **options))
    for k, weight in enumerate(layer.get_weights()):
        found[f"{number}:weight{k}"] = weight
    found[f"{number}:loss"] = np.array([float(loss) for loss in layer.losses])
    entry = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    found[f"{number}:entry"] = np.array(json.dumps(entry, sort_keys=True))
    found[f"{number}:case"] = np.array(case.label)
np.savez_compressed(HERE / "expected.npz", **found)
