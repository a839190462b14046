"""What `StringLookup` and `IntegerLookup` share: a vocabulary, and places in it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.refusing import refusing
from rosenblatt.core.scope import EVERYTHING
from rosenblatt.core.symbolic import KerasTensor
from rosenblatt.core.types import ArrayLike, Tree
from rosenblatt.data.reading import is_stream
from rosenblatt.layers.preprocessing.encoding import encoded
from rosenblatt.layers.preprocessing.host import integers
from rosenblatt.layers.preprocessing.lookup_arguments import (
    LookupArguments,
    check_arguments,
    check_tokens,
    padded_weights,
    unknown_tokens,
)
from rosenblatt.layers.preprocessing.lookup_files import ASSET, as_lines, from_lines, read_file
from rosenblatt.layers.preprocessing.vocabulary import (
    MASKED,
    UNKNOWN,
    IntegerTable,
    TextTable,
    TokenCounts,
)


class IndexLookup(LookupArguments):
    """Tokens to their places in a vocabulary: mask, out-of-vocabulary places, then the tokens."""

    untraced = EVERYTHING  # programs know no vocabulary: `traced_facts` has what `encode` reads

    def __post_init__(self) -> None:
        """Take the vocabulary that was given."""
        vocabulary = vars(self).pop("_given_vocabulary")
        idf_weights = vars(self).pop("_given_weights")
        check_arguments(self, idf_weights, vocabulary is not None)
        self._used_depth: int | None = None
        self._idf: np.ndarray | None = None
        self._table = self._table_of([])
        self._reset_counts()
        from_file = isinstance(vocabulary, (str, os.PathLike))
        self._has_input_vocabulary = vocabulary is not None
        self.input_vocabulary: np.ndarray | None = None
        self.input_idf_weights = None if idf_weights is None else np.asarray(idf_weights)
        if vocabulary is not None:
            if not from_file:
                self.input_vocabulary = np.array(self._tokens_of(vocabulary), object)
            self.set_vocabulary(vocabulary, idf_weights)

    @property
    def _is_text(self) -> bool:
        return self.vocabulary_dtype == "string"

    @property
    def compute_dtype(self) -> str:
        """The dtype of the tokens."""
        return self.vocabulary_dtype

    variable_dtype = compute_dtype

    @property  # type: ignore[misc]
    def idf_weights(self) -> np.ndarray | None:
        """The inverse document frequency at each place, in "tf_idf" mode."""
        return self._idf

    @property
    def _oov_start(self) -> int:
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _token_start(self) -> int:
        return self._oov_start + self.num_oov_indices

    @property
    def _special_tokens(self) -> list[Any]:
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their places.

        Args:
            include_special_tokens: begin with the mask token and the out-of-vocabulary tokens, so
                that positions in the list are places.
        """
        return [*(self._special_tokens if include_special_tokens else []), *self._table.tokens]

    def vocabulary_size(self) -> int:  # type: ignore[misc]
        """How many places there are, those of special tokens among them."""
        return self._token_start + len(self._table.tokens)

    def _table_of(self, tokens: Sequence[Any]) -> Any:
        kind = TextTable if self._is_text else IntegerTable
        return kind(tokens, self.mask_token)

    def _tokens_of(self, vocabulary: Any) -> list[Any]:
        array = self.read(vocabulary)
        if self._is_text and array.dtype.kind in "OSUT":
            return [t.decode() if isinstance(t, bytes) else t for t in array.ravel().tolist()]
        return array.ravel().tolist() if self._is_text else integers(array, self._where).tolist()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the vocabulary instead of learning it.

        Args:
            vocabulary: the tokens, with or without the special ones at their start; or the path of
                a file with a token in each line.
            idf_weights: inverse document frequencies of the tokens, in "tf_idf" mode.

        Raises:
            ValueError: no tokens, one that is there twice, special tokens elsewhere than at the
                start, more tokens than `max_tokens`; weights in another mode or number.
            RuntimeError: another size than the layer was used with, in a mode whose outputs have
                the vocabulary's size.
        """
        if isinstance(vocabulary, (str, os.PathLike)):
            given = read_file(Path(vocabulary), self._is_text, self._where)
        else:
            given = self._tokens_of(vocabulary)
        start = self._token_start
        with_special = given[:start] == self._special_tokens
        tokens = given[start:] if with_special else given
        check_tokens(self, given, tokens, idf_weights)
        self._set_tokens(tokens)
        if idf_weights is not None:
            self._idf = padded_weights(self, idf_weights, 0 if with_special else start)

    def _set_tokens(self, tokens: Sequence[Any]) -> None:
        size = self._token_start + len(tokens)
        if self._used_depth not in (None, size) and not self.pad_to_max_tokens:
            raise RuntimeError(
                explain(
                    f"{self._where}: the size of the vocabulary cannot change after the layer was "
                    f"used, with `output_mode={self.output_mode!r}`.",
                    given=f"{size} tokens",
                    expected=self._used_depth,
                    fix="make a new layer, or give `max_tokens=` and `pad_to_max_tokens=True`.",
                )
            )
        self._table = self._table_of(tokens)

    # -- learning it -----------------------------------------------------------------------

    @refusing("`adapt`")
    def adapt(self, data: Tree, steps: int | None = None) -> None:
        """Learn the vocabulary: the tokens of data, the most frequent first.

        Args:
            data: an array, frame, column or list of tokens, or a stream of batches of them. Each
                row is a document, for "tf_idf".
            steps: how many batches of a stream to read; all if None.

        Raises:
            ValueError: the vocabulary was given to `__init__`; other data than tokens.
        """
        self.reset_state()
        if is_stream(data):
            for batch in itertools.islice(data, steps):
                self.update_state(batch)
        else:
            array = self.read(data)
            self.update_state(array[:, None] if array.ndim == 1 else array)
        self.finalize_state()

    def update_state(self, data: ArrayLike) -> None:
        """Count the tokens of a batch; a single axis is one document."""
        if self._has_input_vocabulary:
            raise BadArgument(
                f"{self._where} was given its vocabulary.",
                fix="make it without `vocabulary=` to use `adapt`.",
            )
        array = self.read(data)
        array = array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)
        self._counts.update(array, self._where)

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._has_input_vocabulary or not self._counts.tokens:
            return
        counts, start = self._counts, self._token_start
        most = None if self.max_tokens is None else self.max_tokens - start
        tokens = counts.ranked([self.mask_token, self.oov_token], most)
        self._set_tokens(tokens)
        if self.output_mode == "tf_idf":
            seen = np.array([counts.documents[token] for token in tokens], "float64")
            self._idf = padded_weights(self, np.log(1 + counts.n_documents / (1 + seen)), start)
        self._reset_counts()

    def reset_state(self) -> None:
        """Forget what was counted."""
        if not self._has_input_vocabulary:
            self._reset_counts()

    def _reset_counts(self) -> None:
        self._counts = TokenCounts(self._is_text, self.output_mode == "tf_idf")

    # -- calling ---------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Size of the vectors that places are encoded in.

        Raises:
            RuntimeError: there is no vocabulary yet.
        """
        if self.pad_to_max_tokens:
            return int(self.max_tokens or 0)
        if not self._table.tokens and self._saved_size is None:
            raise RuntimeError(self._no_vocabulary())
        return self.vocabulary_size() if self._table.tokens else int(self._saved_size or 0)

    def _no_vocabulary(self) -> str:
        return explain(
            f"{self._where} has no vocabulary yet.",
            fix="call `layer.adapt(data)` first, or give `vocabulary=`.",
        )

    def lookup(self, inputs: Tree) -> Any:
        """Places of tokens, int32 (with their weights, in "tf_idf"); tokens of places if inverted.

        Raises:
            RuntimeError: there is no vocabulary yet.
            ValueError: tokens outside the vocabulary, with `num_oov_indices=0`.
        """
        if not self._table.tokens:
            raise RuntimeError(self._no_vocabulary())
        if self.invert:
            places = integers(inputs, self._where)
            masked = (places == 0) & bool(self._oov_start)
            places = np.where(masked, MASKED, places - self._token_start)
            return self._table.take(places, self.oov_token, self.mask_token)
        places = self._table.find(inputs, self._where)
        unknown = places == UNKNOWN
        result = np.where(places >= 0, places + self._token_start, self._oov_start)
        if unknown.any():
            result[unknown] = self._places_of_unknown(inputs[unknown])
        # Masked tokens have place 0, or none where places become vectors.
        result[places == MASKED] = 0 if self.output_mode == "int" else -1
        result = result.astype(np.int32)
        if self._idf is None:
            return result
        return result, np.where(result >= 0, self._idf[result], 0).astype(self._idf.dtype)

    def _places_of_unknown(self, values: np.ndarray) -> Any:
        if self.num_oov_indices == 0:
            raise unknown_tokens(values, self._where)
        if self.num_oov_indices == 1:
            return self._oov_start
        return self._oov_start + self._bins_of(values)

    def _bins_of(self, values: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def traced_facts(self) -> Any:
        """What `encode` reads."""
        depth = None if self.invert or self.output_mode == "int" else self.depth
        return self.invert, self.output_mode, depth, self.dtype_policy

    def encode(self, found: Any) -> Any:
        """The places in the output mode."""
        if self.invert:
            fits = self._is_text or (np.abs(found) < 2**31).all()
            return found if self._is_text or not fits else jnp.asarray(found.astype(np.int32))
        if self.output_mode == "int":
            return encoded(found, "int", 0, "int64")
        self._used_depth = self.depth
        if self.output_mode != "tf_idf":
            return encoded(found, self.output_mode, self._used_depth, config.floatx())
        return encoded(found[0], "count", self._used_depth, config.floatx(), found[1])

    def found_spec(self, inputs: Tree) -> Any:
        """Symbolic tensors like what `lookup` finds."""
        places = KerasTensor(inputs.shape, "int32")
        if self.output_mode != "tf_idf":
            return places
        return places, KerasTensor(inputs.shape, config.floatx())

    def _spec_by_trace(self, inputs: Tree) -> Any:
        if self.invert:
            return KerasTensor(inputs.shape, self.vocabulary_dtype)
        return super()._spec_by_trace(inputs)

    # -- configuration and files -----------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; a learned vocabulary is a file of its own."""
        weights, tokens = self.input_idf_weights, self.input_vocabulary
        known = bool(self._table.tokens)
        return {
            **super().get_config(),
            "idf_weights": None if weights is None else weights.tolist(),
            "vocabulary": None if tokens is None else tokens.tolist(),
            "vocabulary_size": self.vocabulary_size() if known else self._saved_size,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer of a config.

        Raises:
            ValueError: the config names a file of the machine it is read on.
        """
        if isinstance(config.get("vocabulary"), str):
            raise BadArgument(
                f"{cls.__name__}: its config names a file to read the vocabulary from.",
                given=repr(config["vocabulary"]),
                fix="a config must hold the tokens themselves, or the file that holds the "
                "config must.",
            )
        return super().from_config(config)

    def get_build_config(self) -> dict[str, Any]:
        """Nothing: it has no weights."""
        return {}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Nothing: it has no weights."""

    def save_own_variables(self, store: Any) -> None:
        """Put the inverse document frequencies into a mapping."""
        if self._idf is not None:
            store["idf_weights"] = self._idf

    def load_own_variables(self, store: Any) -> None:
        """Take the inverse document frequencies from a mapping."""
        if self.output_mode == "tf_idf" and "idf_weights" in store:
            self._idf = np.asarray(store["idf_weights"], config.floatx())

    def asset_files(self) -> dict[str, bytes]:
        """The vocabulary as a text file, where the config does not hold it.

        Raises:
            ValueError: a token with a line break.
        """
        if self.input_vocabulary is not None or not self._table.tokens:
            return {}
        return {ASSET: as_lines(self.get_vocabulary(), self._where)}

    def take_asset_files(self, files: dict[str, bytes]) -> None:
        """Take the vocabulary of `asset_files()`."""
        if self.input_vocabulary is None and ASSET in files:
            self._set_tokens(from_lines(files[ASSET], self._is_text, self._token_start))

    def save_assets(self, dir_path: Any) -> None:
        """Write `vocabulary.txt` into a folder."""
        for name, content in self.asset_files().items():
            (Path(dir_path) / name).write_bytes(content)

    def load_assets(self, dir_path: Any) -> None:
        """Read `vocabulary.txt` of a folder."""
        path = Path(dir_path) / ASSET
        self.take_asset_files({ASSET: path.read_bytes()} if path.exists() else {})
