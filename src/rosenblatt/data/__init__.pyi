# Written by tools/stubs.py.

from rosenblatt.data.batches import ArraySource as ArraySource
from rosenblatt.data.batches import Block as Block
from rosenblatt.data.batches import is_stream as is_stream
from rosenblatt.data.batches import make_source as make_source
from rosenblatt.data.batches import StreamSource as StreamSource
from rosenblatt.data.blocks import Shuffle as Shuffle
from rosenblatt.data.columns import as_arrays as as_arrays
from rosenblatt.data.columns import check_finite as check_finite
from rosenblatt.data.columns import check_lengths as check_lengths
from rosenblatt.data.columns import column_names as column_names
from rosenblatt.data.files import read_table as read_table
from rosenblatt.data.files import split_target as split_target
from rosenblatt.data.pydataset import PyDataset as PyDataset
from rosenblatt.data.split import train_validation_split as train_validation_split
from rosenblatt.data.text import as_columns as as_columns
from rosenblatt.data.weights import class_weights_to_sample_weights as class_weights_to_sample_weights
