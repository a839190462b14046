# Written by tools/stubs.py.

from rosenblatt.tuner.engine import base_tuner as base_tuner
from rosenblatt.tuner.engine import conditions as conditions
from rosenblatt.tuner.engine import hypermodel as hypermodel
from rosenblatt.tuner.engine import hyperparameters as hyperparameters
from rosenblatt.tuner.engine import metrics_tracking as metrics_tracking
from rosenblatt.tuner.engine import objective as objective
from rosenblatt.tuner.engine import oracle as oracle
from rosenblatt.tuner.engine import stateful as stateful
from rosenblatt.tuner.engine import trial as trial
from rosenblatt.tuner.engine import tuner as tuner
from rosenblatt.tuner.engine import tuner_utils as tuner_utils
