"""What JAX makes of gradients through real Keras; run it after changing the sample calls of these families:

KERAS_BACKEND=jax python tests/graphkeras/ops/make_gradients.py     # writes gradients/FAMILY.npz

For each call: the gradients of sum(w * result) by the float32 arrays among the arguments, w being cosines of 0, 1, 2, ...
"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FAMILIES_WITH_GRADIENTS = ("activation", "attention", "normalization")


def float32_places(call):
    """Positions and keywords of the arrays whose gradients are wanted."""
    arguments = [*enumerate(call.args), *call.kwargs.items()]
    return [key for key, value in arguments if isinstance(value, np.ndarray) and value.dtype == np.float32]


def with_arguments(call, places, values):
    """The call with other arguments at these places."""
    new = dict(zip(places, values))
    args = tuple(new.get(k, value) for k, value in enumerate(call.args))
    return call._replace(args=args, kwargs={key: new.get(key, value) for key, value in call.kwargs.items()})


def write():
    import jax  # only here: the tests import this module in a Python without it
    import jax.numpy as jnp
    import keras

    sys.path.insert(0, str(HERE.parents[2] / "tools" / "coverage"))
    from calls import FAMILIES

    def total(arrays, call, places):
        results = keras.tree.flatten(with_arguments(call, places, arrays).make(keras))
        return sum(jnp.sum(r * jnp.cos(jnp.arange(r.size, dtype="float32")).reshape(r.shape)) for r in results)

    (HERE / "gradients").mkdir(exist_ok=True)
    for family in FAMILIES_WITH_GRADIENTS:
        found = {}
        for number, call in enumerate(FAMILIES[family]):
            places = float32_places(call)
            point = [with_arguments(call, [], []).args[k] if isinstance(k, int) else call.kwargs[k] for k in places]
            slopes = jax.grad(total)([jnp.asarray(x) for x in point], call, places) if places else []
            found[f"{number}:call"] = np.array(call.label)
            found.update((f"{number}:{place}", np.asarray(slope)) for place, slope in zip(places, slopes))
        np.savez_compressed(HERE / "gradients" / f"{family}.npz", **found)


if __name__ == "__main__":
    write()
