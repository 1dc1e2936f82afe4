"""What real Keras makes of the recurrent cases, and JAX of their gradients; run it after changing them:

KERAS_BACKEND=jax python tests/graphkeras/ops/make_recurrent.py     # writes recurrent.npz
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from recurrent_cases import CASES, MASK, UNITS, arrays  # noqa: E402

LAYERS = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}

found = {}
for number, case in enumerate(CASES):
    x, states, kernel, recurrent, bias = arrays(case)
    layer = LAYERS[case.layer](UNITS, return_sequences=True, return_state=True, **case.options)
    layer.build(x.shape)
    mask = MASK if case.masked else None

    def run(values, layer=layer, mask=mask, case=case):
        count = 2 if case.layer == "lstm" else 1
        x, states, weights = values[0], values[1 : 1 + count], values[1 + count :]
        others = [variable.value for variable in layer.non_trainable_variables]
        results, _ = layer.stateless_call(weights, others, x, initial_state=list(states), mask=mask)
        return results

    operands = [jnp.asarray(a) for a in (x, *states, kernel, recurrent, *([] if bias is None else [bias]))]
    results = run(operands)

    def total(values, run=run):
        return sum(jnp.sum(r * jnp.cos(jnp.arange(r.size, dtype="float32")).reshape(r.shape)) for r in run(values))

    found[f"{number}:call"] = np.array(case.label)
    found.update((f"{number}:result{k}", np.asarray(array)) for k, array in enumerate(results))
    found.update((f"{number}:slope{k}", np.asarray(array)) for k, array in enumerate(jax.grad(total)(operands)))
np.savez_compressed(HERE / "recurrent.npz", **found)
