"""Write golden.tfevents and keras_tags.json with TensorFlow (`locks/bench.txt` has it), once.

KERAS_BACKEND=tensorflow python tests/tensorboard/make_golden.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from calls import CALLBACKS, fit, write_all
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api

HERE = Path(__file__).parent


def golden(folder: Path) -> None:
    """The events of tf.summary."""
    with tf.summary.create_file_writer(str(folder)).as_default():
        write_all(tf.summary, api)
    (file,) = folder.iterdir()
    shutil.copy(file, HERE / "golden.tfevents")


def tags(folder: Path) -> dict[str, dict[str, Any]]:
    """Run to tag to plugin and steps."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.rglob("*tfevents*")):
        run = found.setdefault(path.parent.relative_to(folder).as_posix(), {})
        for record in tf.data.TFRecordDataset(str(path)):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                plugin = value.metadata.plugin_data.plugin_name
                run.setdefault(value.tag, [plugin, []])[1].append(event.step)
    return found


def main() -> None:
    """Write both files."""
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        golden(Path(folder) / "golden")
        for name, options in CALLBACKS.items():
            fit(keras, str(Path(folder) / name), **options)
            table[name] = tags(Path(folder) / name)
    text = json.dumps(table, indent=1, sort_keys=True)
    (HERE / "keras_tags.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
