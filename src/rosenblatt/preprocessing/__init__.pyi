# Written by tools/stubs.py.

from rosenblatt.preprocessing import image as image
from rosenblatt.preprocessing import sequence as sequence
from rosenblatt.utils.sequences import timeseries_dataset_from_array as timeseries_dataset_from_array
