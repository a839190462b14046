# Written by tools/stubs.py.

from rosenblatt.tensorboard.hparams import hparams as hparams
from rosenblatt.tensorboard.hparams import hparams_config as hparams_config
from rosenblatt.tensorboard.operations import audio as audio
from rosenblatt.tensorboard.operations import flush as flush
from rosenblatt.tensorboard.operations import histogram as histogram
from rosenblatt.tensorboard.operations import image as image
from rosenblatt.tensorboard.operations import keras_model as keras_model
from rosenblatt.tensorboard.operations import scalar as scalar
from rosenblatt.tensorboard.operations import text as text
from rosenblatt.tensorboard.operations import write as write
from rosenblatt.tensorboard.projector import embedding as embedding
from rosenblatt.tensorboard.writer import SummaryWriter as SummaryWriter
from rosenblatt.tensorboard.writer import create_file_writer as create_file_writer
from rosenblatt.tensorboard.writer import get_step as get_step
from rosenblatt.tensorboard.writer import record_if as record_if
from rosenblatt.tensorboard.writer import set_step as set_step
from rosenblatt.tensorboard.writer import should_record_summaries as should_record_summaries
