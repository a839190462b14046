"""Trial and TrialStatus, where Keras Tuner has them."""

from rosenblatt.tuner.trials import Trial, TrialStatus

__all__ = ["Trial", "TrialStatus"]
