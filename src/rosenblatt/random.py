"""Keras's `random` names."""

from rosenblatt.core.random import SeedGenerator, set_random_seed

__all__ = ["SeedGenerator", "set_random_seed"]
