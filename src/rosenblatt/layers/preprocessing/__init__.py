"""Layers that turn raw columns, numbers or text, into what a network computes with."""

from rosenblatt.layers.preprocessing.discretization import Discretization
from rosenblatt.layers.preprocessing.encoding import CategoryEncoding
from rosenblatt.layers.preprocessing.hashing import HashedCrossing, Hashing
from rosenblatt.layers.preprocessing.host import HostLayer
from rosenblatt.layers.preprocessing.integer_lookup import IntegerLookup
from rosenblatt.layers.preprocessing.normalization import Normalization
from rosenblatt.layers.preprocessing.pipeline import Pipeline
from rosenblatt.layers.preprocessing.rescaling import Rescaling
from rosenblatt.layers.preprocessing.string_lookup import StringLookup

__all__ = [
    "CategoryEncoding",
    "Discretization",
    "HashedCrossing",
    "Hashing",
    "HostLayer",
    "IntegerLookup",
    "Normalization",
    "Pipeline",
    "Rescaling",
    "StringLookup",
]
