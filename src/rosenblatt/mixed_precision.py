"""Keras's `mixed_precision`: other names of the dtype policies.

>>> Policy("mixed_bfloat16").variable_dtype
'float32'
"""

from rosenblatt.core.dtypes import DTypePolicy, dtype_policy, set_dtype_policy
from rosenblatt.optimizers.loss_scale import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
