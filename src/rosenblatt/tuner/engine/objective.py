"""Objectives, where Keras Tuner has them."""

from rosenblatt.tuner.objective import (
    DefaultObjective,
    MultiObjective,
    Objective,
    create_objective,
)

__all__ = ["DefaultObjective", "MultiObjective", "Objective", "create_objective"]
