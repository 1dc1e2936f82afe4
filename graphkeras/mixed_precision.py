"""`keras.mixed_precision`: names of older Keras for dtype policies and loss scaling."""

from .config import dtype_policy as dtype_policy
from .config import dtype_policy as global_policy
from .config import set_dtype_policy as set_dtype_policy
from .config import set_dtype_policy as set_global_policy
from .dtype_policies import DTypePolicy as DTypePolicy
from .dtype_policies import DTypePolicy as Policy
from .optimizers import LossScaleOptimizer as LossScaleOptimizer

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
