# Written by tools/stubs.py.

from rosenblatt.optimizers import schedules as schedules
from rosenblatt.optimizers.adam import Adam as Adam
from rosenblatt.optimizers.adam import AdamW as AdamW
from rosenblatt.optimizers.adam import Adamax as Adamax
from rosenblatt.optimizers.adam import Nadam as Nadam
from rosenblatt.optimizers.adaptive import Adadelta as Adadelta
from rosenblatt.optimizers.adaptive import Adagrad as Adagrad
from rosenblatt.optimizers.adaptive import Lion as Lion
from rosenblatt.optimizers.base import Optimizer as Optimizer
from rosenblatt.optimizers.factored import Adafactor as Adafactor
from rosenblatt.optimizers.ftrl import Ftrl as Ftrl
from rosenblatt.optimizers.layerwise import Lamb as Lamb
from rosenblatt.optimizers.layerwise import ScheduleFreeAdamW as ScheduleFreeAdamW
from rosenblatt.optimizers.lookup import deserialize as deserialize
from rosenblatt.optimizers.lookup import get as get
from rosenblatt.optimizers.lookup import serialize as serialize
from rosenblatt.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from rosenblatt.optimizers.multi import MultiOptimizer as MultiOptimizer
from rosenblatt.optimizers.multi import OptimizerMap as OptimizerMap
from rosenblatt.optimizers.muon import Muon as Muon
from rosenblatt.optimizers.optax_adapter import OptaxOptimizer as OptaxOptimizer
from rosenblatt.optimizers.rmsprop import RMSprop as RMSprop
from rosenblatt.optimizers.sgd import SGD as SGD
