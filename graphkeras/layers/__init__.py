"""`keras.layers`."""

from typing import Any

from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .activation_layers import ELU as ELU
from .activation_layers import Activation as Activation
from .activation_layers import LeakyReLU as LeakyReLU
from .activation_layers import PReLU as PReLU
from .activation_layers import ReLU as ReLU
from .activation_layers import Softmax as Softmax
from .dense import Dense as Dense
from .embedding import Embedding as Embedding
from .input_layer import Input as Input
from .input_layer import InputLayer as InputLayer
from .input_spec import InputSpec as InputSpec
from .layer import Layer as Layer
from .merging import Add as Add
from .merging import Average as Average
from .merging import Concatenate as Concatenate
from .merging import Maximum as Maximum
from .merging import Minimum as Minimum
from .merging import Multiply as Multiply
from .merging import Subtract as Subtract
from .merging import add as add
from .merging import average as average
from .merging import concatenate as concatenate
from .merging import maximum as maximum
from .merging import minimum as minimum
from .merging import multiply as multiply
from .merging import subtract as subtract
from .normalization import BatchNormalization as BatchNormalization
from .normalization import LayerNormalization as LayerNormalization
from .normalization_by_sample import GroupNormalization as GroupNormalization
from .normalization_by_sample import RMSNormalization as RMSNormalization
from .normalization_by_sample import UnitNormalization as UnitNormalization
from .preprocessing import CategoryEncoding as CategoryEncoding
from .preprocessing import CenterCrop as CenterCrop
from .preprocessing import Discretization as Discretization
from .preprocessing import Resizing as Resizing
from .regularization import ActivityRegularization as ActivityRegularization
from .regularization import Dropout as Dropout
from .regularization import GaussianNoise as GaussianNoise
from .reshaping import Flatten as Flatten
from .reshaping import Permute as Permute
from .reshaping import RepeatVector as RepeatVector
from .reshaping import Reshape as Reshape
from .rnn.cells import GRUCell as GRUCell
from .rnn.cells import LSTMCell as LSTMCell
from .rnn.cells import SimpleRNNCell as SimpleRNNCell
from .rnn.cells import StackedRNNCells as StackedRNNCells
from .rnn.recurrent import RNN as RNN
from .rnn.whole import GRU as GRU
from .rnn.whole import LSTM as LSTM
from .rnn.whole import SimpleRNN as SimpleRNN
from .simple import Identity as Identity
from .simple import Lambda as Lambda
from .simple import Rescaling as Rescaling


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer as JSON-ready data."""
    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The layer that `serialize` wrote."""
    return deserialize_keras_object(config, custom_objects=custom_objects)
