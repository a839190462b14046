# Written by tools/stubs.py.

from rosenblatt.tuner import engine as engine
from rosenblatt.tuner import errors as errors
from rosenblatt.tuner import oracles as oracles
from rosenblatt.tuner import tuners as tuners
from rosenblatt.tuner.base_tuner import BaseTuner as BaseTuner
from rosenblatt.tuner.bayesian import BayesianOptimization as BayesianOptimization
from rosenblatt.tuner.bayesian import BayesianOptimizationOracle as BayesianOptimizationOracle
from rosenblatt.tuner.grid_search import GridSearch as GridSearch
from rosenblatt.tuner.grid_search import GridSearchOracle as GridSearchOracle
from rosenblatt.tuner.hyperband import Hyperband as Hyperband
from rosenblatt.tuner.hyperband import HyperbandOracle as HyperbandOracle
from rosenblatt.tuner.hypermodel import HyperModel as HyperModel
from rosenblatt.tuner.hyperparameters import HyperParameters as HyperParameters
from rosenblatt.tuner.objective import Objective as Objective
from rosenblatt.tuner.optuna_oracle import OptunaOracle as OptunaOracle
from rosenblatt.tuner.oracle import Oracle as Oracle
from rosenblatt.tuner.oracle import synchronized as synchronized
from rosenblatt.tuner.random_search import RandomSearch as RandomSearch
from rosenblatt.tuner.random_search import RandomSearchOracle as RandomSearchOracle
from rosenblatt.tuner.sklearn_tuner import SklearnTuner as SklearnTuner
from rosenblatt.tuner.trials import Trial as Trial
from rosenblatt.tuner.trials import TrialStatus as TrialStatus
from rosenblatt.tuner.tuner import Tuner as Tuner
