"""Learning rates that change with the step."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "base": "LearningRateSchedule",
        "cosine": "CosineDecay CosineDecayRestarts",
        "decays": "ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay",
        "lookup": "deserialize serialize",
        "warm_up": "WarmUp",
    },
)
