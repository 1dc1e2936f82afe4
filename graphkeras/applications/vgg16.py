"""VGG with 16 layers, and its inputs and outputs."""

from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing
from .vgg import VGG16 as VGG16

preprocess_input = preprocessing("caffe")
