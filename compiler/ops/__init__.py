"""The operations. Each file holds one family; each class holds all that is known about one op."""

from . import activation as activation
from . import arithmetic as arithmetic
from . import attention as attention
from . import comparison as comparison
from . import constant as constant
from . import convolution as convolution
from . import elements as elements
from . import cumulative as cumulative
from . import elementwise as elementwise
from . import exponential as exponential
from . import gather as gather
from . import logic as logic
from . import losses as losses
from . import matmul as matmul
from . import normalization as normalization
from . import pieces as pieces
from . import random as random
from . import reduce as reduce
from . import rounding as rounding
from . import scatter as scatter
from . import select as select
from . import shape as shape
from . import softmax as softmax
from . import sort as sort
from . import trigonometry as trigonometry
from . import windows as windows
