"""Learning rates that change with the step."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.optimizers.rate": "LearningRateSchedule deserialize=deserialize_schedule "
        "serialize=serialize_schedule",
        "cosine": "CosineDecay CosineDecayRestarts",
        "decays": "ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
        "warm_up": "WarmUp",
    },
)
