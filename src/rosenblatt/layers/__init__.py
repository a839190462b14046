"""Layers, under Keras's names."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "activation": "Activation ELU LeakyReLU PReLU ReLU Softmax",
        "attention": "AdditiveAttention Attention",
        "base": "Layer",
        "dense": "Dense",
        "dot_product": "Dot dot",
        "einsum": "EinsumDense",
        "embedding": "Embedding",
        "function": "Lambda",
        "identity": "Identity",
        "input": "Input InputLayer",
        "masking": "Masking",
        "merging": "Add add Average average Concatenate concatenate Maximum maximum Minimum "
        "minimum Multiply multiply Subtract subtract",
        "multi_head": "GroupedQueryAttention GroupQueryAttention MultiHeadAttention",
        "noise": "GaussianDropout GaussianNoise",
        "normalization": "BatchNormalization",
        "pooling": "GlobalAveragePooling1D GlobalAvgPool1D GlobalMaxPool1D GlobalMaxPooling1D",
        "preprocessing": "CategoryEncoding Discretization HashedCrossing Hashing "
        "IntegerLookup Normalization Pipeline Rescaling StringLookup",
        "regularization": "ActivityRegularization AlphaDropout Dropout SpatialDropout1D "
        "SpatialDropout2D SpatialDropout3D",
        "reshaping": "Flatten Permute RepeatVector Reshape",
        "row_normalization": "GroupNormalization LayerNormalization RMSNormalization "
        "UnitNormalization",
        "family": "deserialize serialize",
        "spec": "InputSpec",
        "spectral": "SpectralNormalization",
        "steps": "Cropping1D UpSampling1D ZeroPadding1D",
        "tabular": "CategoryIndex ColumnEmbedding ColumnStack CrossIndex DateParsing HashedDropout "
        "HashedWords MemberDense MemberHead MemberInputs MemberMean MissingIndicator NumberParsing "
        "OneHotColumns PiecewiseLinearEncoding RangeClip SmoothClip TargetMeans",
        "tfsm": "TFSMLayer",
        "tlu": "TLULayer",
        "wrapping": "TimeDistributed Wrapper",
    },
)
