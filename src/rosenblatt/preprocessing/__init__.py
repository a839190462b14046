"""Keras's older home of what prepares sequences and images; see `utils`."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {"rosenblatt.utils.sequences": "timeseries_dataset_from_array"},
    modules="image sequence",
)
