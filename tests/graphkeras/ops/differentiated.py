"""Which sample calls are differentiated, and by what; known to this Python and to that of real Keras."""

import numpy as np

FAMILIES_WITH_GRADIENTS = ("activation", "attention", "control_flow", "convolution", "ctc", "normalization")


def float32_places(call):
    """Positions and keywords of the arrays whose gradients are wanted."""
    arguments = [*enumerate(call.args), *call.kwargs.items()]
    return [key for key, value in arguments if isinstance(value, np.ndarray) and value.dtype == np.float32]


def with_arguments(call, places, values):
    """The call with other arguments at these places."""
    new = dict(zip(places, values))
    args = tuple(new.get(k, value) for k, value in enumerate(call.args))
    return call._replace(args=args, kwargs={key: new.get(key, value) for key, value in call.kwargs.items()})
