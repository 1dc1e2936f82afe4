"""`keras.ops`: operations on symbols and arrays."""

from .arithmetic import *  # noqa: F403
from .comparison import *  # noqa: F403
from .core import *  # noqa: F403
from .creation import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .indexing import *  # noqa: F403
from .linear_algebra import *  # noqa: F403
from .manipulation import *  # noqa: F403
from .reductions import *  # noqa: F403
