"""`keras.ops.numpy`: NumPy's functions, under the names that they also have in `keras.ops`."""

from .arithmetic import *  # noqa: F403
from .comparison import *  # noqa: F403
from .complex_numbers import *  # noqa: F403
from .core import ndim as ndim
from .core import size as size
from .creation import *  # noqa: F403
from .cumulative import *  # noqa: F403
from .data_dependent import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .functions import *  # noqa: F403
from .indexing import *  # noqa: F403
from .item import *  # noqa: F403
from .layout import view as view
from .linear_algebra import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .matrices import slogdet as slogdet
from .nan_reductions import *  # noqa: F403
from .reductions import *  # noqa: F403
from .scattering import *  # noqa: F403
from .sequences import *  # noqa: F403
from .sorting import *  # noqa: F403
from .vectorize import vectorize as vectorize
