"""The operations. Each file holds one family; each class holds all that is known about one op."""

from . import constant as constant
from . import elementwise as elementwise
