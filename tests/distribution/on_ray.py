"""Launches a command by Ray, for `test_processes.py`: on_ray.py NODES PROCESSES RESTARTS COMMAND…

NODES "local": on a Ray of this machine with two CPUs, on which Ctrl-C is pressed before, while
three are waited for, and after, while processes run. "0", "1": on two nodes of one CPU; this one is
lost as soon as the folder of `together.py` has its file "struck", and another node comes
some time after that.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from rosenblatt.cli import ray_launching
from rosenblatt.cli.ray_launching import launch_on_ray

WAITED = 12.0  # seconds without a node: `launch` says after 5 s what it waits for
STORE = {"object_store_memory": 80_000_000}
# Variables come from here, but for what Ray sets and what is nobody's business.
VARIABLES = ("JAX_LOG_COMPILES", "SECRET", "OMP_NUM_THREADS")
STAYS = f"""
import os, signal, sys, time

def hear(*_):
    print("heard", flush=True)
    sys.exit(1)

signal.signal(signal.SIGINT, hear)
print("in", os.getcwd(), *map(os.environ.get, {VARIABLES}))
print("process", os.getpid(), file=sys.stderr)
open(os.path.join(sys.argv[1], str(os.getpid())), "w").close()
time.sleep(1000)
"""


def interrupted(is_time: Callable[[], bool], command: list[str], processes: int) -> None:
    """Press Ctrl-C in the middle of a launch, and say what code it ends with."""

    def interrupt() -> None:
        while not is_time():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    code = launch_on_ray(command, processes, 5, "auto", 0, 0.0)
    other.join()
    print(f"{processes} processes: {code}", file=sys.stderr, flush=True)


def on_machine(command: list[str], processes: int, restarts: int, folder: Path) -> int:
    """Launch on one Ray several times; returns the exit code."""
    options = {"log_to_driver": False, "logging_level": "error", "include_dashboard": False}
    ray.init("local", num_cpus=2, **STORE, **options)
    said, say = threading.Event(), ray_launching.say

    def hear(text: str) -> None:
        say(text)
        said.set()

    ray_launching.say = hear
    interrupted(said.is_set, [sys.executable], processes=3)
    stuck_after = 30.0 if "1:LOOPS" in command else 0.0
    code = launch_on_ray(command, processes, restarts, "auto", 0, stuck_after)
    os.environ["JAX_LOG_COMPILES"] = os.environ["SECRET"] = "0"
    files = folder.with_name("processes")
    files.mkdir()
    stays = [sys.executable, "-c", STAYS, str(files)]
    interrupted(lambda: len([*files.iterdir()]) == 2, stays, processes=2)
    ray.shutdown()
    return code


def on_nodes(lost: int, command: list[str], processes: int, restarts: int, folder: Path) -> int:
    """Launch on two nodes, one of which is lost; returns the exit code."""
    quick = {"health_check_period_ms": 500, "health_check_failure_threshold": 5}
    head = {"num_cpus": 0, **STORE, "_system_config": quick}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, **STORE) for _ in range(2)]
    launch = [sys.executable, "-m", "rosenblatt", "launch", "--ray", cluster.address]
    options = ["--processes", str(processes), "--restarts", str(restarts), "--"]
    with subprocess.Popen([*launch, *options, *command]) as launched:
        try:
            while not (folder / "struck").exists():
                assert launched.poll() is None
                time.sleep(0.03)
            cluster.remove_node(nodes[lost], allow_graceful=False)
            time.sleep(WAITED)
            cluster.add_node(num_cpus=1, **STORE)
            return launched.wait()
        finally:
            launched.terminate()
            launched.wait()
            cluster.shutdown()


def main(nodes: str, processes: str, restarts: str, *command: str) -> int:
    """Launch; returns the exit code."""
    os.environ.update(RAY_worker_niceness="0")  # else 15: everything else goes first
    more = [*command], int(processes), int(restarts), Path(command[3])
    return on_machine(*more) if nodes == "local" else on_nodes(int(nodes), *more)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
