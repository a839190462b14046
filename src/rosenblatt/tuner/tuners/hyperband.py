"""Hyperband and HyperbandOracle, where Keras Tuner has them."""

from rosenblatt.tuner.hyperband import Hyperband, HyperbandOracle

__all__ = ["Hyperband", "HyperbandOracle"]
