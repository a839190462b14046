# Written by tools/stubs.py.

from rosenblatt.tabular.calibration import Reliability as Reliability
from rosenblatt.tabular.calibration import Temperature as Temperature
from rosenblatt.tabular.calibration import calibration_error as calibration_error
from rosenblatt.tabular.calibration import reliability as reliability
from rosenblatt.tabular.checks import Finding as Finding
from rosenblatt.tabular.explain import Dependence as Dependence
from rosenblatt.tabular.explain import Importance as Importance
from rosenblatt.tabular.explain import dependence as dependence
from rosenblatt.tabular.explain import importance as importance
from rosenblatt.tabular.intervals import Conformal as Conformal
from rosenblatt.tabular.intervals import Coverage as Coverage
from rosenblatt.tabular.kinds import ColumnKind as ColumnKind
from rosenblatt.tabular.kinds import Schema as Schema
from rosenblatt.tabular.kinds import infer as infer
from rosenblatt.tabular.scores import bootstrap as bootstrap
from rosenblatt.tabular.scores import scores_of as scores_of
from rosenblatt.tabular.shapley_values import Shapley as Shapley
from rosenblatt.tabular.shapley_values import shapley as shapley
from rosenblatt.tabular.task import Task as Task
from rosenblatt.tabular.task import infer_task as infer_task
from rosenblatt.tabular.thresholds import Threshold as Threshold
from rosenblatt.tabular.thresholds import best_threshold as best_threshold
