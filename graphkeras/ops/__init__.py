"""`keras.ops`: operations on symbols and arrays."""

from . import image as image
from . import linalg as linalg
from . import nn as nn
from . import numpy as numpy
from .activation import *  # noqa: F403
from .arithmetic import *  # noqa: F403
from .attention import *  # noqa: F403
from .comparison import *  # noqa: F403
from .complex_numbers import *  # noqa: F403
from .control_flow import *  # noqa: F403
from .convolution import *  # noqa: F403
from .core import *  # noqa: F403
from .creation import *  # noqa: F403
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .ctc import *  # noqa: F403
from .cumulative import *  # noqa: F403
from .custom_gradient import custom_gradient as custom_gradient
from .data_dependent import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .forward_mode import jvp as jvp
from .functions import *  # noqa: F403
from .indexing import *  # noqa: F403
from .item import *  # noqa: F403
from .layout import *  # noqa: F403
from .linear_algebra import *  # noqa: F403
from .loops import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .matrices import *  # noqa: F403
from .nan_reductions import *  # noqa: F403
from .normalization import *  # noqa: F403
from .pooling import *  # noqa: F403
from .probabilities import *  # noqa: F403
from .reductions import *  # noqa: F403
from .scattering import *  # noqa: F403
from .sequences import *  # noqa: F403
from .signal import *  # noqa: F403
from .sorting import *  # noqa: F403
from .vectorize import vectorize as vectorize
