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
from rosenblatt.layers.preprocessing import Normalization
from rosenblatt.layers.regularization import Dropout
from rosenblatt.layers.reshaping import Flatten, Reshape
from rosenblatt.layers.serialization import deserialize, serialize
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.wrapping import TimeDistributed, Wrapper

__all__ = [
    "Activation",
    "Add",
    "Average",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Lambda",
    "Layer",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "Reshape",
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
