"""Rank 5: TensorBoard without TensorFlow. Event files written by us, its server, reading them back.

The extra `tensorboard` brings TensorBoard and its protocol buffers; they are imported when the
first event is written, not before. `rosenblatt.summary` writes; `rosenblatt.callbacks.TensorBoard`
writes while a model trains.
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "reading": "load",
        "server": "Server start",
        "writer": "SummaryWriter",
    },
    modules="hparams",
)
