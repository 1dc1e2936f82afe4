"""Layers that prepare data: images, categories, text."""

from .categories import CategoryEncoding as CategoryEncoding
from .discretization import Discretization as Discretization
from .image_sizes import CenterCrop as CenterCrop
from .image_sizes import Resizing as Resizing
from .lookup import IntegerLookup as IntegerLookup
from .lookup import StringLookup as StringLookup
