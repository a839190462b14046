"""Rank 5: TensorBoard without TensorFlow. Event files written by us, its server, reading them back.

The extra `tensorboard` brings TensorBoard and its protocol buffers; they are imported when the
first event is written, not before. `rosenblatt.summary` writes; `rosenblatt.callbacks.TensorBoard`
writes while a model trains.
"""

from rosenblatt.tensorboard import hparams
from rosenblatt.tensorboard.reading import load
from rosenblatt.tensorboard.server import Server, start
from rosenblatt.tensorboard.writer import SummaryWriter

__all__ = ["Server", "SummaryWriter", "hparams", "load", "start"]
