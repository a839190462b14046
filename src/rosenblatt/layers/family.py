"""The family of layers."""

from __future__ import annotations

from rosenblatt.core.family import Family

family = Family("layer", "keras.layers", "rosenblatt.layers")
get, serialize, deserialize = family.get, family.serialize, family.deserialize
