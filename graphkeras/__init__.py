"""graphkeras: Keras whose every model is one static graph."""

from importlib import import_module as _import_module
from pathlib import Path as _Path

# In a checkout, compiler/, kernels/ and tools/ sit beside this folder; in an installed copy they sit inside it.
_root = _Path(__file__).parent.parent
if (_root / "pyproject.toml").is_file():
    __path__.append(str(_root))

__version__ = "0.1.0"

from . import activations as activations  # noqa: E402
from . import applications as applications  # noqa: E402
from . import backend as backend  # noqa: E402
from . import callbacks as callbacks  # noqa: E402
from . import config as config  # noqa: E402
from . import constraints as constraints  # noqa: E402
from . import datasets as datasets  # noqa: E402
from . import dtype_policies as dtype_policies  # noqa: E402
from . import export as export  # noqa: E402
from . import initializers as initializers  # noqa: E402
from . import layers as layers  # noqa: E402
from . import losses as losses  # noqa: E402
from . import metrics as metrics  # noqa: E402
from . import mixed_precision as mixed_precision  # noqa: E402
from . import models as models  # noqa: E402
from . import ops as ops  # noqa: E402
from . import optimizers as optimizers  # noqa: E402
from . import preprocessing as preprocessing  # noqa: E402
from . import random as random  # noqa: E402
from . import regularizers as regularizers  # noqa: E402
from . import saving as saving  # noqa: E402
from . import tree as tree  # noqa: E402
from . import utils as utils  # noqa: E402
from .base_operation import Operation as Operation  # noqa: E402
from .dtype_policies import DTypePolicy as DTypePolicy  # noqa: E402
from .gradients import gradients as gradients  # noqa: E402
from .initializers import Initializer as Initializer  # noqa: E402
from .layers import Input as Input  # noqa: E402
from .layers import InputSpec as InputSpec  # noqa: E402
from .layers import Layer as Layer  # noqa: E402
from .losses import Loss as Loss  # noqa: E402
from .metrics import Metric as Metric  # noqa: E402
from .models import Function as Function  # noqa: E402
from .models import Model as Model  # noqa: E402
from .models import Sequential as Sequential  # noqa: E402
from .name_scopes import name_scope as name_scope  # noqa: E402
from .optimizers import Optimizer as Optimizer  # noqa: E402
from .placement import device as device  # noqa: E402
from .regularizers import Regularizer as Regularizer  # noqa: E402
from .rematerialization import RematScope as RematScope  # noqa: E402
from .rematerialization import remat as remat  # noqa: E402
from .stateless import StatelessScope as StatelessScope  # noqa: E402
from .tensor import KerasTensor as KerasTensor  # noqa: E402
from .variable import Variable as Variable  # noqa: E402


def version() -> str:
    """The version of graphkeras."""
    return __version__


def __getattr__(name: str) -> object:
    """`keras.wrappers` is loaded when it is asked for: scikit-learn takes longer to import than all of graphkeras."""
    if name == "wrappers":
        return _import_module(f"{__name__}.wrappers")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
