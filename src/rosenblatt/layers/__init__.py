"""Layers, under Keras's names."""

from rosenblatt.layers.activation import Activation
from rosenblatt.layers.base import Layer
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.embedding import Embedding
from rosenblatt.layers.function import Lambda
from rosenblatt.layers.identity import Identity
from rosenblatt.layers.input import Input, InputLayer
from rosenblatt.layers.masking import Masking
from rosenblatt.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from rosenblatt.layers.normalization import BatchNormalization
from rosenblatt.layers.preprocessing import (
    CategoryEncoding,
    Discretization,
    HashedCrossing,
    Hashing,
    IntegerLookup,
    Normalization,
    Pipeline,
    Rescaling,
    StringLookup,
)
from rosenblatt.layers.regularization import Dropout
from rosenblatt.layers.reshaping import Flatten, Reshape
from rosenblatt.layers.serialization import deserialize, serialize
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.wrapping import TimeDistributed, Wrapper

__all__ = [
    "Activation",
    "Add",
    "Average",
    "CategoryEncoding",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Discretization",
    "Dropout",
    "Embedding",
    "Flatten",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Lambda",
    "Layer",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "Pipeline",
    "Rescaling",
    "Reshape",
    "StringLookup",
    "Subtract",
    "TimeDistributed",
    "Wrapper",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
