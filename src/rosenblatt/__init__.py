"""Dense neural networks in the Keras API, compiled whole by XLA through JAX.

Public names are resolved when they are first used, so `import rosenblatt` loads next to nothing.

>>> import rosenblatt as rb
>>> model = rb.Sequential([rb.Input((8,)), rb.layers.Dense(1)])
>>> model.count_params()
9
"""

from rosenblatt.core.faces import face, hand_in_homes

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "core": "errors",
        "core.devices": "device",
        "core.dtypes": "DTypePolicy FloatDTypePolicy",
        "core.naming": "name_scope",
        "core.symbolic": "Operation",
        "core.variable": "StatelessScope Variable",
        "initializers": "Initializer",
        "layers": "Input InputSpec Layer",
        "losses": "Loss",
        "metrics": "Metric",
        "models": "Functional Model Sequential",
        "models.function": "Function",
        "ops.operators": "KerasTensor",
        "optimizers": "Optimizer",
        "regularizers": "Regularizer",
    },
    modules="activations backend callbacks choosing config constraints data datasets distribution "
    "dtype_policies initializers layers logic losses metrics mixed_precision models ops optimizers "
    "plots preprocessing random regularizers saving serving sklearn summary tables tabular "
    "tensorboard testing tree tuner utils",
)
__all__ += ["__version__", "version"]


def version() -> str:
    """The version of this library.

    >>> version()
    '0.2.0'
    """
    return __version__


hand_in_homes(
    "activations callbacks constraints initializers layers losses metrics models ops optimizers "
    "optimizers.schedules random regularizers utils"
)
