# Written by tools/stubs.py.

from rosenblatt.data.array_source import ArraySource as ArraySource
from rosenblatt.data.array_source import Shuffle as Shuffle
from rosenblatt.data.arrays import as_arrays as as_arrays
from rosenblatt.data.arrays import check_lengths as check_lengths
from rosenblatt.data.contract import Block as Block
from rosenblatt.data.contract import Source as Source
from rosenblatt.data.finite import check_finite as check_finite
from rosenblatt.data.parquet_data import ParquetData as ParquetData
from rosenblatt.data.parquet_data import parquet as parquet
from rosenblatt.data.pydataset import PyDataset as PyDataset
from rosenblatt.data.reading import is_stream as is_stream
from rosenblatt.data.reading import read as read
from rosenblatt.data.rows import Rows as Rows
from rosenblatt.data.stream_source import StreamSource as StreamSource
from rosenblatt.data.text import as_columns as as_columns
from rosenblatt.data.weights import class_weights_to_sample_weights as class_weights_to_sample_weights
