"""`keras.optimizers.legacy`: names of Keras 2 for the optimizers of today, which take its arguments `lr` and ``decay=0``."""

from .adagrad import Adadelta as Adadelta
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adam import Adamax as Adamax
from .adam import Nadam as Nadam
from .ftrl import Ftrl as Ftrl
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .sgd import SGD as SGD
