# Written by tools/stubs.py.

from rosenblatt.sklearn.utils import random_state as random_state
from rosenblatt.sklearn.utils import transformers as transformers
from rosenblatt.sklearn.utils.names import loss_name as loss_name
from rosenblatt.sklearn.utils.names import metric_name as metric_name
