"""`keras.layers`."""

from typing import Any

from ..saving.serialization import deserialize_keras_object, serialize_keras_object
from .activation_layers import ELU as ELU
from .activation_layers import Activation as Activation
from .activation_layers import LeakyReLU as LeakyReLU
from .activation_layers import PReLU as PReLU
from .activation_layers import ReLU as ReLU
from .activation_layers import Softmax as Softmax
from .attention.grouped_query_attention import GroupQueryAttention as GroupQueryAttention
from .attention.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from .attention.single_head import AdditiveAttention as AdditiveAttention
from .attention.single_head import Attention as Attention
from .convolution import Conv1D as Conv1D
from .convolution import Conv1DTranspose as Conv1DTranspose
from .convolution import Conv2D as Conv2D
from .convolution import Conv2DTranspose as Conv2DTranspose
from .convolution import Conv3D as Conv3D
from .convolution import Conv3DTranspose as Conv3DTranspose
from .convolution import DepthwiseConv1D as DepthwiseConv1D
from .convolution import DepthwiseConv2D as DepthwiseConv2D
from .convolution import SeparableConv1D as SeparableConv1D
from .convolution import SeparableConv2D as SeparableConv2D
from .dense import Dense as Dense
from .dot import Dot as Dot
from .dot import dot as dot
from .dropout_family import AlphaDropout as AlphaDropout
from .dropout_family import GaussianDropout as GaussianDropout
from .dropout_family import SpatialDropout1D as SpatialDropout1D
from .dropout_family import SpatialDropout2D as SpatialDropout2D
from .dropout_family import SpatialDropout3D as SpatialDropout3D
from .einsum_dense import EinsumDense as EinsumDense
from .embedding import Embedding as Embedding
from .feature_normalization import Normalization as Normalization
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
from .pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from .pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from .pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from .pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from .pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from .pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from .pooling import AveragePooling1D as AveragePooling1D
from .pooling import AveragePooling2D as AveragePooling2D
from .pooling import AveragePooling3D as AveragePooling3D
from .pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from .pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from .pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from .pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from .pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from .pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from .pooling import MaxPooling1D as MaxPooling1D
from .pooling import MaxPooling2D as MaxPooling2D
from .pooling import MaxPooling3D as MaxPooling3D
from .preprocessing import CategoryEncoding as CategoryEncoding
from .preprocessing import CenterCrop as CenterCrop
from .preprocessing import Discretization as Discretization
from .preprocessing import HashedCrossing as HashedCrossing
from .preprocessing import Hashing as Hashing
from .preprocessing import IntegerLookup as IntegerLookup
from .preprocessing import RandomBrightness as RandomBrightness
from .preprocessing import RandomContrast as RandomContrast
from .preprocessing import RandomCrop as RandomCrop
from .preprocessing import RandomFlip as RandomFlip
from .preprocessing import RandomRotation as RandomRotation
from .preprocessing import RandomTranslation as RandomTranslation
from .preprocessing import RandomZoom as RandomZoom
from .preprocessing import Resizing as Resizing
from .preprocessing import StringLookup as StringLookup
from .preprocessing import TextVectorization as TextVectorization
from .regularization import ActivityRegularization as ActivityRegularization
from .regularization import Dropout as Dropout
from .regularization import GaussianNoise as GaussianNoise
from .reshaping import Flatten as Flatten
from .reshaping import Permute as Permute
from .reshaping import RepeatVector as RepeatVector
from .reshaping import Reshape as Reshape
from .reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from .rnn.cells import GRUCell as GRUCell
from .rnn.cells import LSTMCell as LSTMCell
from .rnn.cells import SimpleRNNCell as SimpleRNNCell
from .rnn.cells import StackedRNNCells as StackedRNNCells
from .rnn.masking import Masking as Masking
from .rnn.recurrent import RNN as RNN
from .rnn.whole import GRU as GRU
from .rnn.whole import LSTM as LSTM
from .rnn.whole import SimpleRNN as SimpleRNN
from .rnn.wrappers import Bidirectional as Bidirectional
from .rnn.wrappers import TimeDistributed as TimeDistributed
from .second_names import AvgPool1D as AvgPool1D
from .second_names import AvgPool2D as AvgPool2D
from .second_names import AvgPool3D as AvgPool3D
from .second_names import Convolution1D as Convolution1D
from .second_names import Convolution1DTranspose as Convolution1DTranspose
from .second_names import Convolution2D as Convolution2D
from .second_names import Convolution2DTranspose as Convolution2DTranspose
from .second_names import Convolution3D as Convolution3D
from .second_names import Convolution3DTranspose as Convolution3DTranspose
from .second_names import GlobalAvgPool1D as GlobalAvgPool1D
from .second_names import GlobalAvgPool2D as GlobalAvgPool2D
from .second_names import GlobalAvgPool3D as GlobalAvgPool3D
from .second_names import GlobalMaxPool1D as GlobalMaxPool1D
from .second_names import GlobalMaxPool2D as GlobalMaxPool2D
from .second_names import GlobalMaxPool3D as GlobalMaxPool3D
from .second_names import MaxPool1D as MaxPool1D
from .second_names import MaxPool2D as MaxPool2D
from .second_names import MaxPool3D as MaxPool3D
from .second_names import SeparableConvolution1D as SeparableConvolution1D
from .second_names import SeparableConvolution2D as SeparableConvolution2D
from .simple import Identity as Identity
from .simple import Lambda as Lambda
from .simple import Rescaling as Rescaling
from .spatial_sizes import Cropping1D as Cropping1D
from .spatial_sizes import Cropping2D as Cropping2D
from .spatial_sizes import Cropping3D as Cropping3D
from .spatial_sizes import UpSampling1D as UpSampling1D
from .spatial_sizes import UpSampling2D as UpSampling2D
from .spatial_sizes import UpSampling3D as UpSampling3D
from .spatial_sizes import ZeroPadding1D as ZeroPadding1D
from .spatial_sizes import ZeroPadding2D as ZeroPadding2D
from .spatial_sizes import ZeroPadding3D as ZeroPadding3D
from .wrapper import SpectralNormalization as SpectralNormalization
from .wrapper import Wrapper as Wrapper


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer as JSON-ready data."""
    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The layer that `serialize` wrote."""
    return deserialize_keras_object(config, custom_objects=custom_objects)
