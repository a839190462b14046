"""Layers for raw columns as nodes of ONNX: numbers, words, codes and tables; text of numbers it
cannot.

ONNX reads a number from text only where every text is one, and knows no dates. A model that begins
with such columns is exported from the parsed columns on, which the message says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import NotSavable
from rosenblatt.core.symbolic import Operation
from rosenblatt.core.types import Shape
from rosenblatt.layers.tabular.host import word_of
from rosenblatt.saving.export.flat_model import Step
from rosenblatt.saving.export.onnx_builder import Builder, Unwritable
from rosenblatt.tables.parsing import numbers

# Text that has single blanks between its words, and no tabs or line ends.
_SINGLE_BLANKS = r" *[^ \t\n\r\f\v]+( [^ \t\n\r\f\v]+)* *"

Writer = Callable[[Builder, Step, Sequence[str]], str]


def is_raw(layer: Operation) -> bool:
    """Whether a layer reads columns as they come: its inputs keep their types."""
    return getattr(layer, "reads_raw", False)


def _unreadable(step: Step, what: str) -> NotSavable:
    """The error for a layer that reads what ONNX does not."""
    name = step.layer.name
    return NotSavable(
        f"export: format 'onnx' cannot hold layer {name!r} ({type(step.layer).__name__}) of "
        f"column {step.inputs[0]!r}: ONNX does not read {what}.",
        fix="begin the exported model behind such layers, and give it what they find: "
        f"`Model({{{name!r}: model.get_layer({name!r}).output, …}}, model.output)`; or train "
        "without the column.",
    )


def _number_parsing(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """(x − center) / scale of 64 bits; NaN for what is not finite, or stands for "missing"."""
    if step.dtypes[0] == "string":
        raise _unreadable(step, "numbers from text")
    layer, x = step.layer, b.cast(inputs[0], "float64")
    gone = b.op("Or", b.op("IsNaN", x), b.op("IsInf", x))
    for coded in numbers(layer.missing_words or (), missing_words=()):
        if not np.isnan(coded):
            gone = b.op("Or", gone, b.op("Equal", x, b.constant(coded, "float64")))
    less = b.op("Sub", x, b.constant(layer.center, "float64"))
    scaled = b.op("Div", less, b.constant(layer.scale, "float64"))
    return b.cast(b.op("Where", gone, b.constant(np.nan, "float64"), scaled), "float32")


def _refused(what: str) -> Writer:
    def write(b: Builder, step: Step, inputs: Sequence[str]) -> str:
        raise _unreadable(step, what)

    return write


def _column_stack(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """Each as a table, side by side."""
    whole = all("int" in kind or kind == "bool" for kind in step.dtypes)
    tables = []
    for x, shape in zip(inputs, step.shapes, strict=True):
        if len(shape) == 1:
            x = b.op("Unsqueeze", x, b.constant([1], "int64"))
        tables.append(b.cast(x, "int64" if whole else "float32"))
    return b.op("Concat", *tables, axis=1)


def _category_index(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """A label encoder, which gives 0 for what it does not know."""
    layer, (x,), (kind,) = step.layer, inputs, step.dtypes
    vocabulary = layer.get_vocabulary()
    if layer.column is not None:
        x = b.op("Gather", x, b.constant(layer.column, "int64"), axis=1)
    if not vocabulary:
        return b.op("Expand", b.constant(0, "int64"), b.op("Shape", x))
    is_text = isinstance(vocabulary[0], str)
    if kind == "string":
        if not is_text:
            raise _unreadable(step, "numbers from text")
        return _words_index(b, x, vocabulary)
    if is_text:
        known = {_number_of(word): code for code, word in enumerate(vocabulary, start=1)}
        known.pop(None, None)
        if kind == "bool":
            known = {word == "True": code for code, word in enumerate(vocabulary, start=1)
                     if word in ("True", "False")}  # fmt: skip
    else:
        known = {value: code for code, value in enumerate(vocabulary, start=1)}
    return _numbers_index(b, x, kind, known)


def _words_index(b: Builder, x: str, vocabulary: Sequence[str]) -> str:
    """Codes of words as they are, else of what is left without the blanks around them.

    ONNX takes text apart at blanks. Put together again with single ones it is the text without
    blanks around, if that had single ones inside: this is asked, and other words have no such
    second look. Tabs and rarer blanks around a word are not left out.
    """
    exact = _encoder(b, x, "strings", vocabulary, range(1, len(vocabulary) + 1))
    parts = {code: word.split(" ") for code, word in enumerate(vocabulary, start=1)}
    known = {code: part for code, part in parts.items() if " ".join(part).split() == part}
    if not known:
        return exact
    most = max(map(len, known.values()))
    shape = b.op("Concat", b.op("Shape", x), b.constant([most], "int64"), axis=0)
    words = b.op("StringSplit", x, outputs=2)
    count = f"{words}_1"
    table = b.op("Concat", words, b.op("Expand", b.constant([""], object), shape), axis=-1)
    joined = b.op("Gather", table, b.constant(0, "int64"), axis=-1)
    for place in range(1, most):
        word = b.op("Gather", table, b.constant(place, "int64"), axis=-1)
        joined = b.op("StringConcat", b.op("StringConcat", joined, b.constant(" ", object)), word)
    bare = [" ".join(one + [""] * (most - len(one))) for one in known.values()]
    found = _encoder(b, joined, "strings", bare, list(known))
    fits = b.op("LessOrEqual", count, b.constant(most, "int64"))
    if most > 1:
        fits = b.op("And", fits, b.op("RegexFullMatch", x, pattern=_SINGLE_BLANKS))
    found = b.op("Where", fits, found, b.constant(0, "int64"))
    return b.op("Where", b.op("Greater", exact, b.constant(0, "int64")), exact, found)


def _number_of(word: str) -> float | None:
    """The number that a word is the text of, or None."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if word_of(value) == word else None


def _encoder(
    b: Builder, x: str, kind: str, keys: Sequence[Any], codes: Sequence[int] | range
) -> str:
    table: dict[str, Any] = {f"keys_{kind}": list(keys), "values_int64s": list(codes)}
    return b.op("LabelEncoder", x, domain="ai.onnx.ml", default_int64=0, **table)


def _numbers_index(b: Builder, x: str, kind: str, known: dict[Any, int]) -> str:
    """Codes of numbers: found by their 32 bits, and kept where all bits of the number agree."""
    if not known:
        return b.op("Mul", b.cast(x, "int64"), b.constant(0, "int64"))
    values, codes = np.array(list(known), "float64"), list(known.values())
    short = values.astype("float32")
    if len(np.unique(short)) < len(short):
        raise Unwritable("its numbers are too close together for a look-up of 32 bits")
    found = _encoder(b, b.cast(x, "float32"), "floats", short.tolist(), codes)
    table = np.full(max(codes) + 1, np.nan)
    table[codes] = short if kind == "float32" else values
    same = b.op("Equal", b.cast(x, "float64"),
                b.op("Gather", b.constant(table, "float64"), found, axis=0))  # fmt: skip
    return b.op("Where", same, found, b.constant(0, "int64"))


def _target_means(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """Rows of the table; the first one for a code that it does not have."""
    table = step.layer.table
    codes = _codes(b, inputs[0], step.shapes[0], len(table))
    return b.op("Gather", b.constant(table), codes, axis=0)


def _codes(b: Builder, codes: str, shape: Shape, size: int) -> str:
    """Codes (rows,) of 64 bits; 0 for those that are not among so many."""
    codes = b.cast(codes, "int64")
    if len(shape) == 2:
        codes = b.op("Squeeze", codes, b.constant([1], "int64"))
    low = b.op("GreaterOrEqual", codes, b.constant(0, "int64"))
    inside = b.op("And", low, b.op("Less", codes, b.constant(size, "int64")))
    return b.op("Where", inside, codes, b.constant(0, "int64"))


def _cross_index(b: Builder, step: Step, inputs: Sequence[str]) -> str:
    """A label encoder of the combinations' numbers, which gives 0 for those it does not know."""
    layer, number = step.layer, None
    for codes, shape, size in zip(inputs, step.shapes, layer.sizes, strict=True):
        codes = _codes(b, codes, shape, size)
        if number is not None:
            codes = b.op("Add", b.op("Mul", number, b.constant(size, "int64")), codes)
        number = codes
    assert number is not None
    keys = layer.known_keys.tolist()
    if not keys:
        return b.op("Mul", number, b.constant(0, "int64"))
    return _encoder(b, number, "int64s", keys, range(1, len(keys) + 1))


RAW_WRITERS: dict[str, Writer] = {
    "NumberParsing": _number_parsing,
    "DateParsing": _refused("dates"),
    "HashedWords": _refused("the words of a text"),
    "CategoryIndex": _category_index,
    "CrossIndex": _cross_index,
    "TargetMeans": _target_means,
    "ColumnStack": _column_stack,
}
