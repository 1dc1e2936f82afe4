"""What JAX makes of gradients through real Keras; run it after changing the sample calls of these families:

KERAS_BACKEND=jax python tests/graphkeras/ops/make_gradients.py [FAMILY ...]     # writes gradients/FAMILY.npz

For each call: the gradients of sum(w * result) by the float32 arrays among the arguments, w being cosines of 0, 1, 2, ...
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import keras
import numpy as np

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "tools" / "coverage")]
from calls import FAMILIES  # noqa: E402
from differentiated import FAMILIES_WITH_GRADIENTS, float32_places, with_arguments  # noqa: E402


def total(arrays, call, places):
    results = keras.tree.flatten(with_arguments(call, places, arrays).make(keras))
    return sum(jnp.sum(r * jnp.cos(jnp.arange(r.size, dtype="float32")).reshape(r.shape)) for r in results)


(HERE / "gradients").mkdir(exist_ok=True)
for family in sys.argv[1:] or FAMILIES_WITH_GRADIENTS:
    found = {}
    for number, call in enumerate(FAMILIES[family]):
        places = float32_places(call)
        point = [call.args[k] if isinstance(k, int) else call.kwargs[k] for k in places]
        slopes = jax.grad(total)([jnp.asarray(x) for x in point], call, places) if places else []
        found[f"{number}:call"] = np.array(call.label)
        found.update((f"{number}:{place}", np.asarray(slope)) for place, slope in zip(places, slopes))
    np.savez_compressed(HERE / "gradients" / f"{family}.npz", **found)
