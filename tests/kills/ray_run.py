"""A search on a Ray cluster of two nodes, one of which is killed in the middle of a trial.

python ray_run.py FOLDER
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.cluster_utils import Cluster

import rosenblatt as rb
from rosenblatt.tuner.trial_callbacks import TrialBackup
from rosenblatt.tuner.trials import TrialStatus

EPOCHS = 8
LATE = 3  # the epoch from which on a node may be killed: its trial has sent a backup


class Patiently(rb.callbacks.Callback):
    """Says on which node a trial runs; waits for the killer, so that it comes to no trial's end."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Say where; where both nodes work, wait until one is chosen, and there for its end."""
        here = ray.get_runtime_context().get_node_id()
        path = os.environ["SEEN"]
        with open(path, "a") as file:
            file.write(f"{here} {epoch}\n")
        while LATE <= epoch < EPOCHS - 1 and len(latest(path)) == 2 and not chosen(path):
            time.sleep(0.03)
        while chosen(path) == here:
            time.sleep(0.03)


def build(hp: Any) -> Any:
    """A network with all that has a state; one of them cannot be built."""
    TrialBackup.seconds = 0.0  # each epoch, on whatever node this is
    units = hp.Choice("units", [4, 5, 7])
    if units == 7:
        raise ValueError("seven units are too many")
    model = rb.Sequential([rb.Input((3,)), rb.layers.Dense(units, "relu"), rb.layers.Dense(1)])
    model.compile(rb.optimizers.Adam(hp.Choice("rate", [0.01, 0.1])), "mse")
    return model


def outcome(tuner: Any) -> dict[str, Any]:
    """Values, status, score and number of epochs by trial."""
    return {
        name: [t.hyperparameters.values, t.status, t.score, len(t.history.get("loss", []))]
        for name, t in tuner.oracle.trials.items()
    }


def seen(path: str) -> list[tuple[str, int]]:
    """Node and epoch, in the order in which epochs ended."""
    if not os.path.exists(path):
        return []
    lines = [line.split() for line in Path(path).read_text().splitlines()]
    return [(node, int(epoch)) for node, epoch in lines]


def latest(path: str) -> dict[str, int]:
    """The last epoch of each node that has ended one."""
    return dict(seen(path))


def chosen(path: str) -> str:
    """The node that is to be killed; empty where none is yet."""
    return "".join(file.read_text() for file in Path(path).parent.glob("chosen.txt"))


def main(folder: Path) -> None:
    """Search on the cluster and in threads; print both outcomes."""
    os.environ["SEEN"] = path = str(folder / "seen.txt")
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    y = x.sum(1, keepdims=True)

    def search(name: str, executor: Any, callbacks: Any) -> Any:
        tuner = rb.tuner.GridSearch(
            build, "val_loss", seed=3, directory=folder, project_name=name, workers=2, keep_best=3
        )
        tuner.search(x, y, epochs=EPOCHS, validation_data=(x, y), callbacks=callbacks,
                     executor=executor, verbose=0)  # fmt: skip
        return tuner

    quick = {"health_check_period_ms": 500, "health_check_failure_threshold": 5}
    head = {"num_cpus": 0, "object_store_memory": 80_000_000, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=80_000_000) for _ in range(2)]
    ray.init(cluster.address, log_to_driver=False, logging_level="error")
    lost: list[str] = []
    over = threading.Event()

    def kill() -> None:
        """Where both work, one whose trial has epochs before it."""
        while not over.wait(0.03):
            working = latest(path)
            victims = [n for n in nodes if LATE <= working.get(n.node_id, EPOCHS) < EPOCHS - 1]
            if len(working) == 2 and victims:
                lost.append(victims[0].node_id)
                (folder / "choosing.txt").write_text(lost[0])
                (folder / "choosing.txt").rename(folder / "chosen.txt")
                cluster.remove_node(victims[0], allow_graceful=False)
                return

    killer = threading.Thread(target=kill)
    killer.start()
    on_cluster = search("cluster", "ray", [Patiently()])
    over.set()
    killer.join()
    ray.shutdown()
    cluster.shutdown()
    found = {
        "nodes": [node.node_id for node in nodes],
        "lost": lost,
        "seen": [node for node, _ in seen(path)],
        "epochs": [epoch for _, epoch in seen(path)],
        "cluster": outcome(on_cluster),
        "threads": outcome(search("threads", None, [])),
        "failed": [t.message for t in on_cluster.oracle.trials.values()
                   if t.status == TrialStatus.FAILED],
        "loss": on_cluster.get_best_models(1)[0].evaluate(x, y, verbose=0),
        "best": on_cluster.oracle.get_best_trials(1)[0].score,
        "kept": len(list((folder / "cluster").rglob("*.weights.h5"))),
    }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
