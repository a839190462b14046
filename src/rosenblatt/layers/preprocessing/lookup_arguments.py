"""The arguments of lookup layers, and checks on them and on vocabularies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import anything, choice
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.loading import take
from rosenblatt.core.settings import HOST, setting
from rosenblatt.layers.preprocessing.arguments import DENSE, IGNORED, SALT, modes
from rosenblatt.layers.preprocessing.host import HostLayer

if TYPE_CHECKING:
    from rosenblatt.layers.preprocessing.lookup import IndexLookup


class LookupArguments(HostLayer):
    """The arguments of a lookup layer."""

    vocabulary_dtype = "string"
    max_tokens: int | None = setting(anything, default=None, role=HOST)
    num_oov_indices: int = setting(anything, default=1, role=HOST)
    mask_token: Any = setting(anything, default=None, role=HOST)
    oov_token: Any = setting(anything, default=None, role=HOST)
    vocabulary: Any = setting(anything, default=None, attribute="_given_vocabulary", saved=False)
    idf_weights: Any = setting(anything, default=None, attribute="_given_weights", saved=False)
    invert: bool = setting(anything, default=False)
    output_mode: str = setting(
        modes("int", "one_hot", "multi_hot", "count", "tf_idf"), default="int"
    )
    sparse: bool = DENSE
    pad_to_max_tokens: bool = setting(anything, default=False)
    oov_method: str = setting(choice("floormod", "farmhash"), default="floormod", role=HOST)
    salt: Any = SALT
    vocabulary_size: Any = setting(
        anything, default=None, kw_only=True, attribute="_saved_size", saved=False
    )
    trainable: Any = IGNORED
    dtype: Any = IGNORED
    has_input_vocabulary: Any = IGNORED


def check_arguments(layer: IndexLookup, idf_weights: Any, has_vocabulary: bool) -> None:
    """Refuse arguments out of range, and those that do not go together.

    Raises:
        ValueError: naming the layer and the argument.
    """
    where, mode = layer._where, layer.output_mode
    if isinstance(layer.num_oov_indices, int):  # Python's objects in a list
        take(64 * layer.num_oov_indices, f"num_oov_indices={layer.num_oov_indices:,}")
    problems = [
        (
            layer.max_tokens is not None and layer.max_tokens <= 1,
            "`max_tokens` must be greater than 1",
            layer.max_tokens,
        ),
        (
            layer.pad_to_max_tokens and layer.max_tokens is None,
            "`pad_to_max_tokens=True` needs `max_tokens`",
            None,
        ),
        (layer.num_oov_indices < 0, "`num_oov_indices` must be 0 or more", layer.num_oov_indices),
        (
            layer.invert and mode != "int",
            '`invert=True` goes with `output_mode="int"`',
            f"output_mode={mode!r}",
        ),
        (
            idf_weights is not None and mode != "tf_idf",
            '`idf_weights` go with `output_mode="tf_idf"`',
            f"output_mode={mode!r}",
        ),
        (
            mode == "tf_idf" and has_vocabulary and idf_weights is None,
            '`vocabulary` with `output_mode="tf_idf"` needs `idf_weights`',
            None,
        ),
        (
            layer.salt is not None and not layer._is_text and layer.oov_method != "farmhash",
            '`salt` goes with `oov_method="farmhash"`',
            f"oov_method={layer.oov_method!r}",
        ),
    ]
    for wrong, problem, given in problems:
        if wrong:
            raise BadArgument(f"{where}: {problem}.", given=given)


def check_tokens(layer: IndexLookup, given: list[Any], tokens: list[Any], idf_weights: Any) -> None:
    """Refuse a vocabulary that is empty, too large or ambiguous.

    Args:
        layer: the lookup layer.
        given: the vocabulary as it was given.
        tokens: the same without special tokens at its start.
        idf_weights: the weights given beside it.

    Raises:
        ValueError: naming the layer and the tokens.
    """
    where = layer._where
    if not given:
        raise BadArgument(f"{where}: the vocabulary is empty.")
    if layer._is_text and not all(isinstance(token, str) for token in tokens):
        bad = next(token for token in tokens if not isinstance(token, str))
        raise BadArgument(f"{where}: the vocabulary must hold strings.", given=f"{bad!r}")
    if len(set(tokens)) != len(tokens):
        twice = [token for token, count in Counter(tokens).items() if count > 1]
        raise BadArgument(
            f"{where}: the vocabulary holds tokens more than once.",
            given=twice[:5],
            fix="give each token once: `dict.fromkeys(vocabulary)`.",
        )
    reserved = [("mask_token", layer.mask_token)]
    if layer.invert:
        reserved.append(("oov_token", layer.oov_token))
    for name, token in reserved:
        if token is not None and token in set(tokens):
            raise BadArgument(
                f"{where}: the vocabulary holds the {name} {token!r} in a wrong place.",
                given=f"at {given.index(token, 0)}",
                expected=f"no special tokens, or {layer._special_tokens} at the start",
            )
    size = layer._token_start + len(tokens)
    if layer.max_tokens is not None and size > layer.max_tokens:
        raise BadArgument(
            f"{where}: the vocabulary is larger than `max_tokens`.",
            given=f"{size} tokens, special ones among them",
            expected=f"{layer.max_tokens} at most",
        )
    _check_weights(layer, len(given), idf_weights)


def _check_weights(layer: IndexLookup, count: int, idf_weights: Any) -> None:
    if (idf_weights is None) == (layer.output_mode == "tf_idf"):
        raise BadArgument(
            f'{layer._where}: `idf_weights` and `output_mode="tf_idf"` go together.',
            given=f"output_mode={layer.output_mode!r}, "
            f"{'no' if idf_weights is None else len(idf_weights)} weights",
        )
    if idf_weights is not None and np.shape(idf_weights) != (count,):
        raise BadArgument(
            f"{layer._where}: there must be an idf weight for each token.",
            given=f"weights of shape {np.shape(idf_weights)}, {count} tokens",
        )


def padded_weights(layer: IndexLookup, idf_weights: Any, front: int) -> np.ndarray:
    """Weights with those of special tokens before them, and zeros up to `max_tokens`.

    How often unknown tokens are in documents is not known: they get the mean.
    """
    weights = np.asarray(idf_weights, "float64")
    weights = np.concatenate([np.full(front, weights.mean()), weights])
    if layer.pad_to_max_tokens:
        weights = np.pad(weights, (0, (layer.max_tokens or 0) - len(weights)))
    return weights.astype(config.floatx())


def unknown_tokens(values: np.ndarray, where: str) -> ValueError:
    """The error for tokens that have no place."""
    some = list(dict.fromkeys(values.tolist()))
    return BadArgument(
        f"{where}: tokens outside the vocabulary.",
        given=f"{some[:5]}{f' and {len(some) - 5} more' if len(some) > 5 else ''}",
        fix="give `num_oov_indices=1`, so that they have a place.",
    )
