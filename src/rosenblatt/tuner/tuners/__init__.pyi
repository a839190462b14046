# Written by tools/stubs.py.

from rosenblatt.tuner.tuners import bayesian as bayesian
from rosenblatt.tuner.tuners import gridsearch as gridsearch
from rosenblatt.tuner.tuners import hyperband as hyperband
from rosenblatt.tuner.tuners import randomsearch as randomsearch
from rosenblatt.tuner.tuners import sklearn_tuner as sklearn_tuner
from rosenblatt.tuner.bayesian import BayesianOptimization as BayesianOptimization
from rosenblatt.tuner.grid_search import GridSearch as GridSearch
from rosenblatt.tuner.hyperband import Hyperband as Hyperband
from rosenblatt.tuner.random_search import RandomSearch as RandomSearch
from rosenblatt.tuner.sklearn_tuner import SklearnTuner as SklearnTuner
from rosenblatt.tuner.tuner import Tuner as Tuner
