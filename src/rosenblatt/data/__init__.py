"""Rank 1: data of any kind as batches, ready for a compiled program."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "batches": "ArraySource Block is_stream make_source StreamSource",
        "blocks": "Shuffle",
        "columns": "as_arrays check_finite check_lengths column_names",
        "files": "read_table split_target",
        "pydataset": "PyDataset",
        "split": "train_validation_split",
        "text": "as_columns",
        "weights": "class_weights_to_sample_weights",
    },
)
