"""Layers for tables: raw columns as numbers and codes, and networks of many members."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "categories": "CategoryIndex TargetMeans",
        "crosses": "CrossIndex",
        "codes": "ColumnEmbedding OneHotColumns",
        "dropout": "HashedDropout",
        "host": "ColumnStack",
        "hashed_words": "HashedWords",
        "parsing": "DateParsing NumberParsing",
        "members": "MemberDense MemberHead MemberInputs MemberMean",
        "numbers": "MissingIndicator RangeClip SmoothClip",
        "piecewise": "PiecewiseLinearEncoding",
    },
)
