"""Rank 1: data of any kind as batches, ready for a compiled program."""

from rosenblatt.data.batches import ArraySource, Block, StreamSource, is_stream, make_source
from rosenblatt.data.blocks import Shuffle
from rosenblatt.data.columns import as_arrays, check_finite, check_lengths, column_names
from rosenblatt.data.files import read_table, split_target
from rosenblatt.data.pydataset import PyDataset
from rosenblatt.data.split import train_validation_split
from rosenblatt.data.text import as_columns
from rosenblatt.data.weights import class_weights_to_sample_weights

__all__ = [
    "ArraySource",
    "Block",
    "PyDataset",
    "Shuffle",
    "StreamSource",
    "as_arrays",
    "as_columns",
    "check_finite",
    "check_lengths",
    "class_weights_to_sample_weights",
    "column_names",
    "is_stream",
    "make_source",
    "read_table",
    "split_target",
    "train_validation_split",
]
