# Written by tools/stubs.py.

from rosenblatt import activations as activations
from rosenblatt import backend as backend
from rosenblatt import callbacks as callbacks
from rosenblatt import choosing as choosing
from rosenblatt import config as config
from rosenblatt import constraints as constraints
from rosenblatt import datasets as datasets
from rosenblatt import dtype_policies as dtype_policies
from rosenblatt import initializers as initializers
from rosenblatt import layers as layers
from rosenblatt import logic as logic
from rosenblatt import losses as losses
from rosenblatt import metrics as metrics
from rosenblatt import mixed_precision as mixed_precision
from rosenblatt import models as models
from rosenblatt import ops as ops
from rosenblatt import optimizers as optimizers
from rosenblatt import plots as plots
from rosenblatt import random as random
from rosenblatt import regularizers as regularizers
from rosenblatt import saving as saving
from rosenblatt import sklearn as sklearn
from rosenblatt import summary as summary
from rosenblatt import tensorboard as tensorboard
from rosenblatt import tree as tree
from rosenblatt import tuner as tuner
from rosenblatt import utils as utils
from rosenblatt.core.dtypes import DTypePolicy as DTypePolicy
from rosenblatt.core.dtypes import FloatDTypePolicy as FloatDTypePolicy
from rosenblatt.core.symbolic import Operation as Operation
from rosenblatt.core.variable import StatelessScope as StatelessScope
from rosenblatt.core.variable import Variable as Variable
from rosenblatt.initializers import Initializer as Initializer
from rosenblatt.layers import Input as Input
from rosenblatt.layers import InputSpec as InputSpec
from rosenblatt.layers import Layer as Layer
from rosenblatt.losses import Loss as Loss
from rosenblatt.metrics import Metric as Metric
from rosenblatt.models import Functional as Functional
from rosenblatt.models import Model as Model
from rosenblatt.models import Sequential as Sequential
from rosenblatt.ops.operators import KerasTensor as KerasTensor
from rosenblatt.optimizers import Optimizer as Optimizer
from rosenblatt.regularizers import Regularizer as Regularizer

__version__: str
