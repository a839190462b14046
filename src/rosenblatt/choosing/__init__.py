"""Choosing a network and how to train it: reuse of layers, learning rates, sizes."""

from rosenblatt.choosing.transfer import fit_transferred, transfer, unfreeze

__all__ = ["fit_transferred", "transfer", "unfreeze"]
