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
from rosenblatt.tuner.trial import TrialStatus

EPOCHS, SECONDS = 5, 0.3


class Slowly(rb.callbacks.Callback):
    """Gives the killer time, and says on which node a trial runs."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Say where, and wait."""
        with open(os.environ["SEEN"], "a") as file:
            file.write(f"{ray.get_runtime_context().get_node_id()} {epoch}\n")
        time.sleep(SECONDS)


def build(hp: Any) -> Any:
    """A network with all that has a state; one of them cannot be built."""
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
        """Both work, and the one that has just ended an epoch has others before it."""
        while not over.wait(0.03):
            lines = seen(path)
            if len({node for node, _ in lines}) == 2 and lines[-1][1] < EPOCHS - 1:
                (victim,) = [node for node in nodes if node.node_id == lines[-1][0]]
                lost.append(victim.node_id)
                cluster.remove_node(victim, allow_graceful=False)
                return

    killer = threading.Thread(target=kill)
    killer.start()
    on_cluster = search("cluster", "ray", [Slowly()])
    over.set()
    killer.join()
    ray.shutdown()
    cluster.shutdown()
    found = {
        "nodes": [node.node_id for node in nodes],
        "lost": lost,
        "seen": [node for node, _ in seen(path)],
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
