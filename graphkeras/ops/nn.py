"""`keras.ops.nn`: what neural networks are made of, under the names that it also has in `keras.ops`."""

from .activation import *  # noqa: F403
from .attention import *  # noqa: F403
from .complex_numbers import polar as polar
from .convolution import *  # noqa: F403
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .ctc import *  # noqa: F403
from .normalization import *  # noqa: F403
from .pooling import *  # noqa: F403
from .probabilities import *  # noqa: F403
