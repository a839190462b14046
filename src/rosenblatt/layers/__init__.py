"""Layers, under Keras's names."""

from rosenblatt.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from rosenblatt.layers.attention import AdditiveAttention, Attention
from rosenblatt.layers.base import Layer
from rosenblatt.layers.dense import Dense
from rosenblatt.layers.dot_product import Dot, dot
from rosenblatt.layers.einsum import EinsumDense
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
from rosenblatt.layers.multi_head import (
    GroupedQueryAttention,
    GroupQueryAttention,
    MultiHeadAttention,
)
from rosenblatt.layers.noise import GaussianDropout, GaussianNoise
from rosenblatt.layers.normalization import BatchNormalization
from rosenblatt.layers.pooling import (
    GlobalAveragePooling1D,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    GlobalMaxPooling1D,
)
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
from rosenblatt.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from rosenblatt.layers.reshaping import Flatten, Permute, RepeatVector, Reshape
from rosenblatt.layers.row_normalization import (
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from rosenblatt.layers.serialization import deserialize, serialize
from rosenblatt.layers.spec import InputSpec
from rosenblatt.layers.spectral import SpectralNormalization
from rosenblatt.layers.steps import Cropping1D, UpSampling1D, ZeroPadding1D
from rosenblatt.layers.tfsm import TFSMLayer
from rosenblatt.layers.tlu import TLULayer
from rosenblatt.layers.wrapping import TimeDistributed, Wrapper

__all__ = [
    "Activation",
    "ActivityRegularization",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Cropping1D",
    "Dense",
    "Discretization",
    "Dot",
    "Dropout",
    "ELU",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling1D",
    "GroupNormalization",
    "GroupQueryAttention",
    "GroupedQueryAttention",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "Pipeline",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "TFSMLayer",
    "TLULayer",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "Wrapper",
    "ZeroPadding1D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
