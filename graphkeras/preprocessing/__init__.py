"""`keras.preprocessing`: older names of functions in `keras.utils`."""

from ..data.arrays import timeseries_dataset_from_array as timeseries_dataset_from_array
from ..data.directories import image_dataset_from_directory as image_dataset_from_directory
from ..data.directories import text_dataset_from_directory as text_dataset_from_directory
from . import image as image
from . import sequence as sequence
