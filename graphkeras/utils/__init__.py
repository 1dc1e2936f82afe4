"""`keras.utils`: small helpers that users call."""

from ..config import disable_interactive_logging as disable_interactive_logging
from ..config import enable_interactive_logging as enable_interactive_logging
from ..config import is_interactive_logging_enabled as is_interactive_logging_enabled
from ..data.arrays import pad_sequences as pad_sequences
from ..data.arrays import split_dataset as split_dataset
from ..data.arrays import timeseries_dataset_from_array as timeseries_dataset_from_array
from ..data.directories import audio_dataset_from_directory as audio_dataset_from_directory
from ..data.directories import image_dataset_from_directory as image_dataset_from_directory
from ..data.directories import text_dataset_from_directory as text_dataset_from_directory
from ..data.download import get_file as get_file
from ..data.images import array_to_img as array_to_img
from ..data.images import img_to_array as img_to_array
from ..data.images import load_img as load_img
from ..data.images import save_img as save_img
from ..dtypes import standard_dtype as _standard_dtype
from ..saving.object_registration import CustomObjectScope as CustomObjectScope
from ..saving.object_registration import custom_object_scope as custom_object_scope
from ..saving.object_registration import get_custom_objects as get_custom_objects
from ..saving.object_registration import get_registered_name as get_registered_name
from ..saving.object_registration import get_registered_object as get_registered_object
from ..saving.object_registration import register_keras_serializable as register_keras_serializable
from ..saving.serialization import deserialize_keras_object as deserialize_keras_object
from ..saving.serialization import serialize_keras_object as serialize_keras_object
from ..seeding import set_random_seed as set_random_seed
from ..session import clear_session as clear_session
from ..tensor import is_keras_tensor as is_keras_tensor
from ..training.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
from ..training.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from ..training.py_dataset import PyDataset as PyDataset
from . import bounding_boxes as bounding_boxes
from .numerical import normalize as normalize
from .numerical import to_categorical as to_categorical
from .plotting import model_to_dot as model_to_dot
from .plotting import plot_model as plot_model
from .progbar import Progbar as Progbar
from .sources import get_source_inputs as get_source_inputs

standardize_dtype = _standard_dtype
#: Older Keras's name of `PyDataset`.
Sequence = PyDataset
