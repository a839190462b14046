"""Layers that turn raw columns, numbers or text, into what a network computes with."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "discretization": "Discretization",
        "encoding": "CategoryEncoding",
        "hashing": "HashedCrossing Hashing",
        "host": "HostLayer",
        "integer_lookup": "IntegerLookup",
        "normalization": "Normalization",
        "pipeline": "Pipeline",
        "rescaling": "Rescaling",
        "string_lookup": "StringLookup",
    },
)
