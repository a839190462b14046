"""Keras's `mixed_precision`: other names of the dtype policies.

>>> import rosenblatt as rb
>>> rb.mixed_precision.Policy("mixed_bfloat16").variable_dtype
'float32'
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.core.dtypes": "DTypePolicy Policy=DTypePolicy dtype_policy "
        "global_policy=dtype_policy set_dtype_policy set_global_policy=set_dtype_policy",
        "rosenblatt.optimizers.loss_scale": "LossScaleOptimizer",
    },
)
