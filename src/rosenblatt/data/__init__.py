"""Rank 1: data of any kind as batches, ready for a compiled program."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "array_source": "ArraySource Shuffle",
        "arrays": "as_arrays check_lengths",
        "contract": "Block Source",
        "finite": "check_finite",
        "parquet_data": "ParquetData parquet",
        "pydataset": "PyDataset",
        "reading": "is_stream read",
        "rows": "Rows",
        "stream_source": "StreamSource",
        "text": "as_columns",
        "weights": "class_weights_to_sample_weights",
    },
)
