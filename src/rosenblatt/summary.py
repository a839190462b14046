"""Summaries for TensorBoard, in tf.summary's words and without TensorFlow; a model is not needed.

>>> import tempfile
>>> import rosenblatt as rb
>>> folder = tempfile.TemporaryDirectory()
>>> writer = rb.summary.create_file_writer(folder.name)
>>> with writer.as_default():
...     for step in range(3):
...         _ = rb.summary.scalar("loss", 1 / (step + 1), step=step)
>>> rb.tensorboard.load(folder.name)["value"].to_list()
[1.0, 0.5, 0.3333333432674408]
>>> writer.close()
>>> folder.cleanup()
"""

from rosenblatt.tensorboard.hparams import hparams, hparams_config
from rosenblatt.tensorboard.operations import (
    audio,
    flush,
    histogram,
    image,
    keras_model,
    scalar,
    text,
    write,
)
from rosenblatt.tensorboard.projector import embedding
from rosenblatt.tensorboard.writer import (
    SummaryWriter,
    create_file_writer,
    get_step,
    record_if,
    set_step,
    should_record_summaries,
)

__all__ = [
    "SummaryWriter",
    "audio",
    "create_file_writer",
    "embedding",
    "flush",
    "get_step",
    "histogram",
    "hparams",
    "hparams_config",
    "image",
    "keras_model",
    "record_if",
    "scalar",
    "set_step",
    "should_record_summaries",
    "text",
    "write",
]
