"""Optimizers: small pure rules in Keras's protocol."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "adam": "Adam AdamW Adamax Nadam",
        "adaptive": "Adadelta Adagrad Lion",
        "base": "Optimizer",
        "factored": "Adafactor",
        "ftrl": "Ftrl",
        "layerwise": "Lamb ScheduleFreeAdamW",
        "lookup": "deserialize get serialize",
        "loss_scale": "LossScaleOptimizer",
        "multi": "MultiOptimizer OptimizerMap",
        "muon": "Muon",
        "optax_adapter": "OptaxOptimizer",
        "rmsprop": "RMSprop",
        "sgd": "SGD",
    },
    modules="schedules",
)
