# Written by tools/stubs.py.

from rosenblatt.core.dtypes import DTypePolicy as DTypePolicy
from rosenblatt.core.dtypes import DTypePolicy as Policy
from rosenblatt.core.dtypes import dtype_policy as dtype_policy
from rosenblatt.core.dtypes import dtype_policy as global_policy
from rosenblatt.core.dtypes import set_dtype_policy as set_dtype_policy
from rosenblatt.core.dtypes import set_dtype_policy as set_global_policy
from rosenblatt.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
