"""Trial and TrialStatus, where Keras Tuner has them."""

from rosenblatt.tuner.trial import Trial, TrialStatus

__all__ = ["Trial", "TrialStatus"]
