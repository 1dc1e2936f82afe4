"""Pooling layers."""

from .adaptive import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from .adaptive import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from .adaptive import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from .adaptive import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from .adaptive import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from .adaptive import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from .whole import GlobalAveragePooling1D as GlobalAveragePooling1D
from .whole import GlobalAveragePooling2D as GlobalAveragePooling2D
from .whole import GlobalAveragePooling3D as GlobalAveragePooling3D
from .whole import GlobalMaxPooling1D as GlobalMaxPooling1D
from .whole import GlobalMaxPooling2D as GlobalMaxPooling2D
from .whole import GlobalMaxPooling3D as GlobalMaxPooling3D
from .windows import AveragePooling1D as AveragePooling1D
from .windows import AveragePooling2D as AveragePooling2D
from .windows import AveragePooling3D as AveragePooling3D
from .windows import MaxPooling1D as MaxPooling1D
from .windows import MaxPooling2D as MaxPooling2D
from .windows import MaxPooling3D as MaxPooling3D
