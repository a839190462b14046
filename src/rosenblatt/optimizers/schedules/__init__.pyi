# Written by tools/stubs.py.

from rosenblatt.optimizers.schedules.cosine import CosineDecay as CosineDecay
from rosenblatt.optimizers.schedules.cosine import CosineDecayRestarts as CosineDecayRestarts
from rosenblatt.optimizers.schedules.decays import ExponentialDecay as ExponentialDecay
from rosenblatt.optimizers.schedules.decays import InverseTimeDecay as InverseTimeDecay
from rosenblatt.optimizers.schedules.decays import PiecewiseConstantDecay as PiecewiseConstantDecay
from rosenblatt.optimizers.schedules.decays import PolynomialDecay as PolynomialDecay
from rosenblatt.optimizers.rate import LearningRateSchedule as LearningRateSchedule
from rosenblatt.optimizers.rate import deserialize_schedule as deserialize
from rosenblatt.optimizers.rate import serialize_schedule as serialize
from rosenblatt.optimizers.schedules.warm_up import WarmUp as WarmUp
