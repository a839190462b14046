"""Predictions for the rows of Parquet files, file by file; what is there already stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.core.errors import BadArgument, FileRefused, require
from rosenblatt.core.files import replacing
from rosenblatt.core.types import PathLike, Tree
from rosenblatt.data.contract import PREDICTED_ROWS
from rosenblatt.data.parquet_folder import ArrowTable, ParquetFolder
from rosenblatt.data.prefetch import prefetch

_MADE_OF = b"rosenblatt.made_of"  # in a file's description of itself
_AHEAD_BYTES = 64 << 20
_PIECE = PREDICTED_ROWS[-1]

# Makes columns of predictions of the rows of a table.
Predict = Callable[[ArrowTable], Mapping[str, Any]]


class Written(NamedTuple):
    """What a call of `predict_files` did.

    Attributes:
        files: the files of predictions, one for each file of rows.
        made: how many of them were made; the others were there.
        rows: rows of those that were made.
    """

    files: list[Path]
    made: int
    rows: int


def predict_files(
    files: PathLike | Sequence[PathLike],
    out: PathLike,
    predict: Predict,
    columns: Sequence[str] | None,
    keep: Sequence[str],
    maker: str,
) -> Written:
    """Write a file of predictions for each file of rows, row group by row group.

    A file gets its place when it is whole. One that is there already is left as it is, so a call
    that was cut off is continued by the same call.

    Args:
        files: a folder, a file or several files.
        out: the folder for the predictions, each at the place of its rows; made if need be.
        predict: makes columns of predictions of a table with the columns that are read.
        columns: names of those that are read; None: all.
        keep: columns that are written before the predictions.
        maker: says what makes the predictions, in letters: a digest of a model.

    Raises:
        ValueError: files that cannot be read, columns that are missing, or a file among the
            predictions that was made of other rows or by another model.
    """
    folder = ParquetFolder(files)
    chosen = list(dict.fromkeys([*keep, *(folder.columns if columns is None else columns)]))
    folder.require(chosen)
    places = [Path(out) / name for name in folder.names]
    sources = {path.resolve() for path in folder.files}
    if any(place.resolve() in sources for place in places):
        raise BadArgument(
            "predict_folder: the predictions would take the place of the rows.",
            given=str(out),
            expected="another folder",
        )
    made = rows = 0
    for number, place in enumerate(places):
        description = {"rows": folder.digest_of(number), "model": maker, "keep": list(keep)}
        if place.exists():
            _check_made_of(place, description)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        rows += _write(place, folder, number, chosen, predict, keep, description)
        made += 1
    return Written(places, made, rows)


def in_whole_pieces(predict: Predict) -> Predict:
    """The same predictions, of tables that are filled up with copies of their last row.

    So each row is computed by the program for many rows, whatever row group it is in: one for few
    rows may round otherwise.
    """

    def predict_filled(table: ArrowTable) -> Mapping[str, Any]:
        rows = table.num_rows
        if not rows or not rows % _PIECE:
            return predict(table)
        last = table.slice(rows - 1).take([0] * (-rows % _PIECE))
        filled = _arrow()[0].concat_tables([table, last])
        return {name: values[:rows] for name, values in predict(filled).items()}

    return predict_filled


def _write(
    place: Path,
    folder: ParquetFolder,
    number: int,
    columns: Sequence[str],
    predict: Predict,
    keep: Sequence[str],
    description: Mapping[str, Any],
) -> int:
    """Write one file; the rows in it."""
    arrow, parquet = _arrow()
    rows, writer = 0, None
    with replacing(place) as part:
        try:
            for table in _tables(folder, number, columns):
                found = {name: table.column(name) for name in keep}
                for name, values in predict(table).items():
                    found[_free(name, found)] = values
                made = arrow.table(found)
                if writer is None:
                    told = {_MADE_OF: json.dumps(description).encode()}
                    made = made.replace_schema_metadata(told)
                    writer = parquet.ParquetWriter(part, made.schema)
                writer.write_table(made.cast(writer.schema))
                rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
    return rows


def _tables(folder: ParquetFolder, number: int, columns: Sequence[str]) -> Iterable[ArrowTable]:
    """The row groups of a file, read ahead in a thread; one without rows where it has none."""

    def read() -> Generator[ArrowTable, None, None]:
        groups = [group for group in folder.groups if group.file == number]
        for group in groups:
            yield folder.read(group, columns)
        if not groups:
            yield folder.nothing(number, columns)

    with closing(prefetch(read(), lambda table: table.nbytes, _AHEAD_BYTES)) as tables:
        yield from tables


def _check_made_of(place: Path, description: Mapping[str, Any]) -> None:
    _, parquet = _arrow()
    try:
        told = (parquet.read_metadata(place).metadata or {}).get(_MADE_OF)
        found = None if told is None else json.loads(told)
    except (OSError, ValueError) as error:
        raise FileRefused(
            f"{place}: it holds no predictions of this library.",
            given=str(error).partition("\n")[0][:200],
            fix="remove it, or write the predictions to another folder.",
        ) from error
    if found != description:
        known = found if isinstance(found, dict) else {}
        others = [what for what, value in description.items() if known.get(what) != value]
        words = {"rows": "of other rows", "model": "by another model", "keep": "with other `keep`"}
        raise FileRefused(
            f"{place}: it was made {' and '.join(words[what] for what in others)}.",
            expected="what this call would write",
            fix="remove it, or write the predictions to another folder.",
        )


def columns_of(outputs: Tree, names: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """A model's outputs as columns: `prediction`, and a number behind where there are several.

    Args:
        outputs: an array of (rows, …), or a nest of them.
        names: of the outputs, where there are several.

    >>> list(columns_of(np.zeros((3, 1)))), list(columns_of(np.zeros((3, 2))))
    (['prediction'], ['prediction_0', 'prediction_1'])
    """
    if isinstance(outputs, Mapping):
        names, outputs = list(outputs), list(outputs.values())
    if isinstance(outputs, (list, tuple)):
        found: dict[str, np.ndarray] = {}
        for place, output in enumerate(outputs):
            name = names[place] if place < len(names) else str(place)
            columns = columns_of(output)
            found |= {f"{name}{key.removeprefix('prediction')}": v for key, v in columns.items()}
        return found
    flat = outputs.reshape(len(outputs), int(np.prod(outputs.shape[1:], dtype=int)))
    if flat.shape[1] == 1:
        return {"prediction": flat[:, 0]}
    return {f"prediction_{number}": flat[:, number] for number in range(flat.shape[1])}


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """A name that no column has."""
    while name in taken:
        name += "_"
    return name


def _arrow() -> tuple[Any, Any]:
    said = "rosenblatt[parquet]", "Parquet files"
    return require("pyarrow", *said), require("pyarrow.parquet", *said)
