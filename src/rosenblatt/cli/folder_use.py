"""`rosenblatt predict` for a folder of Parquet files: a file of predictions for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rosenblatt.data.parquet_folder import ArrowTable, ParquetFolder
from rosenblatt.data.parquet_writing import in_whole_pieces, predict_files
from rosenblatt.models.folders import digest
from rosenblatt.models.model import Model
from rosenblatt.serving.network_columns import features_for, network_columns
from rosenblatt.serving.table_columns import Asked, ids_of, predicted_columns
from rosenblatt.tables.reading import read
from rosenblatt.tabular.loading import as_estimator
from rosenblatt.tabular.model import TableModel


def predict_folder(
    network: Model,
    facts: Mapping[str, Any],
    data: str,
    out: Path,
    keep: Sequence[str],
    asked: Asked,
) -> None:
    """Write a file of predictions for each file of a folder; what is there already stays.

    Args:
        network: trained.
        facts: what is known of its run.
        data: the folder with the rows.
        out: the folder for the predictions.
        keep: columns to write beside them.
        asked: what a model of raw tables is to add.

    Raises:
        ValueError: a damaged file, missing columns, or a file in the way.
    """
    folder = ParquetFolder(data)
    kept = [name.strip() for names in keep for name in names.split(",")]
    if isinstance(network, TableModel):
        model = as_estimator(network)
        kept += [name for name in ids_of(model) if name in folder.columns and name not in kept]

    def predict(table: ArrowTable) -> Mapping[str, Any]:
        rows = read(table)
        if isinstance(network, TableModel):
            return dict(predicted_columns(model, rows, asked))
        return network_columns(network, facts, features_for(network, facts, rows, target))

    target = facts.get("target")
    maker = digest(network, asked, facts.get("features"))
    done = predict_files(data, out, in_whole_pieces(predict), None, kept, maker)
    stood = len(done.files) - done.made
    print(f"Written to {out}: {done.made} files, {done.rows:,} rows; {stood} were there already.")
