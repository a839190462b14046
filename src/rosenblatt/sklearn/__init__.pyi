# Written by tools/stubs.py.

from rosenblatt.sklearn import utils as utils
from rosenblatt.sklearn import wrappers as wrappers
from rosenblatt.sklearn.base_wrapper import BaseWrapper as BaseWrapper
from rosenblatt.sklearn.encoders import ClassifierLabelEncoder as ClassifierLabelEncoder
from rosenblatt.sklearn.encoders import RegressorTargetEncoder as RegressorTargetEncoder
from rosenblatt.sklearn.keras import KerasClassifier as KerasClassifier
from rosenblatt.sklearn.keras import KerasRegressor as KerasRegressor
from rosenblatt.sklearn.mlp import MLPClassifier as MLPClassifier
from rosenblatt.sklearn.mlp import MLPRegressor as MLPRegressor
from rosenblatt.sklearn.perceptron import Perceptron as Perceptron
from rosenblatt.sklearn.separability import linear_separability as linear_separability
from rosenblatt.sklearn.separability import Separability as Separability
