"""VGG with 19 layers, and its inputs and outputs."""

from .imagenet_utils import decode_predictions as decode_predictions
from .preprocessing import preprocessing
from .vgg import VGG19 as VGG19

preprocess_input = preprocessing("caffe")
