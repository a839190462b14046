"""One launch after another on one Ray, for `test_launching_on_ray.py`: ray_scenes.py FOLDER."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import ray

from rosenblatt.cli import ray_launching

NUMBER = "import os, signal, sys, time; n = int(os.environ['KERAS_DISTRIBUTION_PROCESS_ID']); "
STAY = "time.sleep(1000)"


def launched(code: str, processes: int = 2, stuck_after: float = 0.0) -> int:
    """The exit code of a program in several processes; `n` is the number of each."""
    command = [sys.executable, "-c", NUMBER + code]
    return ray_launching.launch_on_ray(command, processes, 0, "auto", 0, stuck_after)


def interrupted(is_time: Callable[[], bool], call: Callable[[], int]) -> int:
    """The exit code of a launch in the middle of which Ctrl-C is pressed."""

    def interrupt() -> None:
        while not is_time():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=interrupt)
    other.start()
    code = call()
    other.join()
    return code


def refused() -> str:
    """What is said of a program that no node has."""
    try:
        ray_launching.launch_on_ray(["pythn"], 2, 0, "auto", 0, 0.0)
    except ValueError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    """Launch, and write down the exit codes."""
    options = {"log_to_driver": False, "logging_level": "error", "include_dashboard": False}
    ray.init("local", num_cpus=2, object_store_memory=80_000_000, **options)
    found: dict[str, object] = {}
    said = threading.Event()
    say, ray_launching.say = ray_launching.say, lambda text: (say(text), said.set())[0]
    patience, ray_launching._PATIENCE = ray_launching._PATIENCE, 0.3
    found["waits"] = interrupted(said.is_set, lambda: launched("", processes=3))
    ray_launching._PATIENCE = patience
    os.environ["JAX_LOG_COMPILES"] = os.environ["SECRET"] = "0"
    variables = (
        "JAX_LOG_COMPILES",
        "SECRET",
        "OMP_NUM_THREADS",
        "KERAS_DISTRIBUTION_NUM_PROCESSES",
    )
    code = f"print(n, os.getcwd(), *map(os.environ.get, {variables})); "
    found["badly"] = launched(code + "print('of', n, file=sys.stderr); n or sys.exit(3); " + STAY)
    found["lost"] = launched(f"n and os.kill(os.getppid(), 9); {STAY}")
    stuck = "from rosenblatt.core import progress; n and progress.mark(); " + STAY
    found["stuck"] = launched(stuck, stuck_after=0.5)
    found["refused"] = refused()
    hears = "signal.signal(signal.SIGINT, lambda *_: [print('heard'), sys.exit(1)]); "
    hears += f"open(os.path.join({str(folder)!r}, str(os.getpid())), 'w'); {STAY}"
    found["interrupted"] = interrupted(
        lambda: len([*folder.iterdir()]) == 2, lambda: launched(hears)
    )
    (folder / "found.json").write_text(json.dumps(found))
    ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
