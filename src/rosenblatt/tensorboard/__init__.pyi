# Written by tools/stubs.py.

from rosenblatt.tensorboard import hparams as hparams
from rosenblatt.tensorboard.reading import load as load
from rosenblatt.tensorboard.server import Server as Server
from rosenblatt.tensorboard.server import start as start
from rosenblatt.tensorboard.writer import SummaryWriter as SummaryWriter
