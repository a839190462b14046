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

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.tensorboard.hparams": "hparams hparams_config",
        "rosenblatt.tensorboard.operations": "audio flush histogram image keras_model scalar text "
        "write",
        "rosenblatt.tensorboard.projector": "embedding",
        "rosenblatt.tensorboard.writer": "SummaryWriter create_file_writer get_step record_if "
        "set_step should_record_summaries",
    },
)
