"""Launches a command by Ray: on_ray.py NODES PROCESSES RESTARTS COMMAND…

NODES "local": a new Ray of this machine. "0", "1": a cluster of two nodes with a place each; this
one of them is lost as soon as the folder that `together.py` is given has its file "struck", and
another node comes some time after that.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from ray.cluster_utils import Cluster

from rosenblatt.cli.ray_launching import launch_on_ray

_WAITED = 12.0  # seconds without a node: `launch` says after 5 s what it waits for
_MEMORY = {"object_store_memory": 80_000_000}


def on_cluster(lost: int, processes: int, restarts: int, command: list[str], folder: Path) -> int:
    """Launch on two nodes, one of which is lost; returns the exit code."""
    quick = {"health_check_period_ms": 500, "health_check_failure_threshold": 5}
    head = {"num_cpus": 0, **_MEMORY, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, **_MEMORY) for _ in range(2)]
    over = threading.Event()

    def lose() -> None:
        while not (folder / "struck").exists():
            if over.wait(0.03):
                return
        cluster.remove_node(nodes[lost], allow_graceful=False)
        time.sleep(_WAITED)
        cluster.add_node(num_cpus=1, **_MEMORY)

    loser = threading.Thread(target=lose)
    loser.start()
    try:
        return launch_on_ray(command, processes, restarts, cluster.address, 0, 300.0)
    finally:
        over.set()
        loser.join()
        cluster.shutdown()


def main(nodes: str, processes: str, restarts: str, *command: str) -> int:
    numbers = int(processes), int(restarts)
    if nodes == "local":
        return launch_on_ray(command, *numbers, nodes, 0, 300.0)
    return on_cluster(int(nodes), *numbers, [*command], Path(command[3]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
