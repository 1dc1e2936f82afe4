"""Layers that prepare data: images, categories, text."""

from .categories import CategoryEncoding as CategoryEncoding
from .discretization import Discretization as Discretization
from .hashing import HashedCrossing as HashedCrossing
from .hashing import Hashing as Hashing
from .image_sizes import CenterCrop as CenterCrop
from .image_sizes import Resizing as Resizing
from .lookup import IntegerLookup as IntegerLookup
from .lookup import StringLookup as StringLookup
from .random_images import RandomBrightness as RandomBrightness
from .random_images import RandomContrast as RandomContrast
from .random_images import RandomCrop as RandomCrop
from .random_images import RandomFlip as RandomFlip
from .random_places import RandomRotation as RandomRotation
from .random_places import RandomTranslation as RandomTranslation
from .random_places import RandomZoom as RandomZoom
from .text import TextVectorization as TextVectorization
