"""Several processes train one model as one does, and end together."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.cli import supervising
from rosenblatt.cli.launching import launch
from rosenblatt.core.config import PROGRESS_FILE
from rosenblatt.data.stream_source import StreamSource
from rosenblatt.training import together
from rosenblatt.training.meeting import Meeting
from rosenblatt.training.placement import Placement

SCRIPT = Path(__file__).with_name("together.py")
LAUNCH = "import sys; from rosenblatt.cli.launching import launch; sys.exit(launch({}))"
ON_RAY = Path(__file__).with_name("on_ray.py")
ETC = Path("/etc/netns")  # what `ip netns exec` puts in place of /etc
HOSTS = ["alpha", "beta"]
ALIKE = (
    "set before", "seeded", "measured", "unseeded", "stopped", "stopped at a batch", "files",
    "stream", "py dataset", "parts",
)  # fmt: skip


def started(
    processes: int, restarts: int, *arguments: str, nodes: str = ""
) -> tuple[list[dict[str, Any]], str]:
    """What each process has written, and what the supervisor said.

    By Ray where there are nodes: see `on_ray.py`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        folder.mkdir()
        command = [sys.executable, str(SCRIPT), f"{name}/out", str(folder), *arguments]
        if nodes:
            command = [sys.executable, str(ON_RAY), nodes, str(processes), str(restarts), *command]
        elif processes > 1:
            stuck_after = 30 if "1:LOOPS" in arguments else 0
            call = f"{command!r}, {processes}, {restarts}, stuck_after={stuck_after}"
            command = [sys.executable, "-c", LAUNCH.format(call)]
        environment = os.environ | {
            "ROSENBLATT_MEETING_SECONDS": "30",
            "ROSENBLATT_HEARTBEAT_SECONDS": "10",
        }
        run = functools.partial(subprocess.run, command, env=environment, timeout=300)
        done = run(capture_output=True, text=True)
        if done.returncode == -signal.SIGKILL:  # a supervisor that was killed is started again
            done = run(capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        found = [json.loads(path.read_text()) for path in sorted(Path(name).glob("out.*"))]
        assert len(found) == processes
        files = sorted(path.name for path in folder.iterdir())
        return [one | {"left": files, "printed": done.stdout} for one in found], done.stderr


@functools.cache
def scenes(processes: int) -> list[dict[str, Any]]:
    return started(processes, 0)[0]


@pytest.mark.parametrize("scene", [*ALIKE])
def test_two_processes_give_the_bits_of_two_devices(scene: str) -> None:
    (one,), (first, second) = scenes(1), scenes(2)
    assert first[scene] == second[scene] == one[scene]


def test_measuring_whether_processes_pay_changes_no_number() -> None:
    for found in scenes(2):
        assert found["measured"] == found["seeded"]


def test_the_first_process_writes_files() -> None:
    assert scenes(2)[0]["left"] == ["log.csv", "model.keras"]


@pytest.mark.parametrize(
    ("scene", "texts"),
    [
        ("rows", ["BadData: fit of model", "different data or arguments", "'rows': 110"]),
        ("values", ["BadData: fit of model", "different data or arguments", "first batch"]),
        ("predicted", ["BadData: predict of model", "different rows"]),
        ("on a batch", ["BadData: train_on_batch of model", "different data or arguments"]),
        ("streams", ["BadData: fit of model", "different batches", "auto_shard_dataset=False"]),
        ("uneven parts", ["BadData: fit of model", "parts of different sizes", "4 rows", "5 rows"]),
        ("parts of arrays", ["BadData: fit of model", "auto_shard_dataset=False", "generator"]),
        ("alone", ["RuntimeError: evaluate of model", "within 30 s", "is_main():`"]),
    ],
)
def test_what_one_process_does_otherwise_is_an_error(scene: str, texts: list[str]) -> None:
    for found in scenes(2)[: 1 if scene == "alone" else 2]:
        for text in texts:
            assert text in found[scene]


@functools.cache
def undisturbed() -> list[dict[str, Any]]:
    return started(2, 0, "nobody:KILL")[0]


@pytest.mark.parametrize("fate", ["0:KILL", "1:KILL", "1:STOP", "1:TERM"])
def test_a_lost_process_costs_nothing(fate: str) -> None:
    whole = undisturbed()
    resumed, said = started(2, 2, fate)
    assert resumed[0]["digest"] == resumed[1]["digest"] == whole[0]["digest"]
    assert resumed[0]["history"] == whole[0]["history"]
    assert whole[0]["drawn"] == whole[1]["drawn"]  # no seed was set: the first one's holds
    assert "all are started again (restart 1 of 2)" in said


def test_ray_gives_the_bits_of_others() -> None:
    """The supervisor of a process is lost, and all are started again; Ctrl-C ends all."""
    resumed, said = started(2, 1, "SUPERVISOR", nodes="local")
    assert resumed[0]["digest"] == resumed[1]["digest"] == undisturbed()[0]["digest"]
    assert resumed[0]["history"] == undisturbed()[0]["history"]
    assert " was lost with its supervisor on " in said
    assert "all are started again (restart 1 of 1)." in said
    waits = (
        "launch: waiting for resources of the Ray cluster: 3 processes need 1 CPU each; free: 2 of"
    )
    assert f"{waits} 2 CPU.\n3 processes: 130\n" in said
    assert "\n2 processes: 130\n" in said
    # All errors are printed, and what the first process says.
    printed = resumed[0]["printed"].splitlines()
    assert printed.count(f"in {Path.cwd()} 0 None None") == printed.count("heard") == 1
    processes = re.findall(r"^process (\d+)$", said, re.MULTILINE)
    assert len(processes) == 2 and not any(map(is_running, processes))


@pytest.mark.soak
@pytest.mark.parametrize("lost", ["0", "1"])
def test_a_lost_node_costs_nothing(lost: str) -> None:
    """Nothing runs before another node comes."""
    resumed, said = started(2, 5, "1:LOOPS", nodes=lost)
    assert resumed[0]["digest"] == resumed[1]["digest"] == undisturbed()[0]["digest"]
    assert resumed[0]["history"] == undisturbed()[0]["history"]
    assert set(resumed[0]["left"]) == {"struck"}
    assert "all are started again (restart 1 of 5)" in said
    assert "launch: waiting for resources of the Ray cluster: 2 processes need 1 CPU each" in said


@pytest.mark.soak
@pytest.mark.parametrize("fate", ["0:KILL", "1:LOOPS"])
def test_more_that_costs_ray_nothing(fate: str) -> None:
    resumed, said = started(2, 1, fate, nodes="local")
    assert resumed[0]["digest"] == resumed[1]["digest"] == undisturbed()[0]["digest"]
    assert "all are started again (restart 1 of 1)" in said
    assert ("no progress" in said) == (fate == "1:LOOPS")


@pytest.mark.soak
@pytest.mark.parametrize(
    "fate", ["0:WRITING 1", "0:WRITING 5", "0:WRITING 6", "1:LOOPS", "1:LATE", "SUPERVISOR"]
)
def test_more_that_costs_nothing(fate: str) -> None:
    """A kill while a backup is written; a loop without end; 40 s of delay; no supervisor left."""
    resumed, said = started(2, 2, fate)
    assert resumed[0]["digest"] == resumed[1]["digest"] == undisturbed()[0]["digest"]
    assert resumed[0]["history"] == undisturbed()[0]["history"]
    assert set(resumed[0]["left"]) <= {"struck"}  # no part of a file
    assert ("restart 1 of 2" in said) == (fate not in ("1:LATE", "SUPERVISOR"))
    assert ("no progress" in said) == (fate == "1:LOOPS")


@pytest.mark.soak
def test_two_processes_of_two_devices_give_the_bits_of_four() -> None:
    two, four = started(2, 0, "devices:2")[0], started(4, 0, "devices:1")[0]
    assert len({one["digest"] for one in (*two, *four)}) == 1
    assert two[0]["history"] == four[0]["history"]


@pytest.fixture
def hosts() -> Iterator[list[str]]:
    """Two networks of one machine, as two hosts: alpha and beta, each a loopback name to itself."""
    names = [f"rosenblatt-{os.getpid()}-{number}" for number in range(2)]
    ends = [f"rb{os.getpid()}{letter}" for letter in "ab"]
    if os.geteuid() or shutil.which("ip") is None:
        pytest.skip("only root makes networks, by `ip` of iproute2")
    made = subprocess.run(["ip", "netns", "add", names[0]], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"this machine makes no networks: {made.stderr.strip()}")
    try:
        commands = [f"netns add {names[1]}", f"link add {ends[0]} type veth peer name {ends[1]}"]
        for number, (name, end) in enumerate(zip(names, ends, strict=True)):
            inside = f"-n {name}"
            commands += [
                f"link set {end} netns {name}", f"{inside} link set lo up",
                f"{inside} addr add 10.77.0.{number + 1}/24 dev {end}",
                f"{inside} link set {end} up",
            ]  # fmt: skip
            known = ["10.77.0.1 alpha", "10.77.0.2 beta"]
            known[number] = f"127.0.1.1 {HOSTS[number]}"
            (ETC / name).mkdir(parents=True)
            (ETC / name / "hosts").write_text("\n".join(["127.0.0.1 localhost", *known, ""]))
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False)
            shutil.rmtree(ETC / name, ignore_errors=True)


def on(hosts: list[str], out: Path, *fate: str) -> list[subprocess.Popen[bytes]]:
    """A process on each host; their machine's name is one that no other host reaches."""
    running = []
    files = out / "files"
    files.mkdir()
    for number, host in enumerate(hosts):
        more = {
            "KERAS_DISTRIBUTION_JOB_ADDRESSES": "10.77.0.1:8476",
            "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
            "KERAS_DISTRIBUTION_PROCESS_ID": str(number),
            "ROSENBLATT_HEARTBEAT_SECONDS": "10",
            "ROSENBLATT_MEETING_SECONDS": "10",
        }
        command = [sys.executable, str(SCRIPT), str(out / "out"), str(files), *fate]
        inside = ["ip", "netns", "exec", host, *command]
        running.append(subprocess.Popen(inside, env=os.environ | more))
    return running


def test_two_hosts_give_the_bits_of_one(hosts: list[str], tmp_path: Path) -> None:
    for process in on(hosts, tmp_path):
        assert process.wait(300) == 0
    found = [json.loads((tmp_path / f"out.{number}").read_text()) for number in range(2)]
    for scene in ALIKE:
        assert found[0][scene] == found[1][scene] == scenes(1)[0][scene]


@pytest.mark.parametrize("fate", ["0:KILL", "1:KILL"])
def test_a_supervisor_on_each_host(hosts: list[str], tmp_path: Path, fate: str) -> None:
    (tmp_path / "files").mkdir()
    command = [sys.executable, str(SCRIPT), str(tmp_path / "out"), str(tmp_path / "files"), fate]
    call = LAUNCH.format(f"{command!r}, 1, 5, {HOSTS!r}")
    more = {"ROSENBLATT_MEETING_SECONDS": "10", "ROSENBLATT_HEARTBEAT_SECONDS": "10"}
    running = [
        subprocess.Popen(
            ["ip", "netns", "exec", host, sys.executable, "-c", call], env=os.environ | more
        )
        for host in hosts
    ]
    assert [process.wait(300) for process in running] == [0, 0]
    found = [json.loads((tmp_path / f"out.{number}").read_text()) for number in range(2)]
    assert found[0]["digest"] == found[1]["digest"] == undisturbed()[0]["digest"]


def test_a_machine_that_is_none_of_the_hosts() -> None:
    with pytest.raises(ValueError, match=r"none of the hosts. Given: 192.0.2.1. Expected: .*name"):
        launch(["python", "train.py"], 1, hosts=["192.0.2.1"])


def test_a_silent_link_ends_all(hosts: list[str], tmp_path: Path) -> None:
    running = on(hosts, tmp_path, "endless")
    until = time.monotonic() + 120
    while len(list(tmp_path.glob("files/trains *"))) < 2 and time.monotonic() < until:
        assert [process.poll() for process in running] == [None, None]
        time.sleep(0.1)
    link = f"rb{os.getpid()}a"
    subprocess.run(["ip", "-n", hosts[0], "link", "set", link, "down"], check=True)
    for process in running:  # without the heartbeat, they would wait for minutes
        assert process.wait(60) != 0


def test_an_address_that_is_none_is_named() -> None:
    for address in ("10.0.0.1", "10.0.0.1:port", "no such host:80"):
        with pytest.raises(ValueError, match=r"initialize: bad `job_addresses` \(.*as 10.0.0.1:84"):
            rb.distribution.initialize(address, 2, 0)


def ended(code: str, restarts: int = 0) -> subprocess.CompletedProcess[str]:
    """What comes of two processes; a process without JAX starts them: forks of one with it hang."""
    call = LAUNCH.format(f"[sys.executable, '-c', {code!r}], 2, {restarts}")
    return subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, timeout=60)


def test_exit_codes() -> None:
    number = "import os, sys, time; n = int(os.environ['KERAS_DISTRIBUTION_PROCESS_ID']); "
    done = ended(number + "print(n)")
    assert (done.returncode, done.stdout) == (0, "0\n")
    # The other one would wait for longer than the test does.
    done = ended(number + "n or sys.exit(3); time.sleep(100)")
    assert done.returncode == 3
    assert "process 0 ended with 3; all are ended." in done.stderr
    done = ended(number + "n and os.kill(os.getpid(), 9); time.sleep(100)", restarts=1)
    assert done.returncode == 128 + 9
    assert done.stderr.count("process 1 ended with -9") == 2 and "(restart 1 of 1)" in done.stderr


def test_a_program_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match=r"launch: the program does not exist.*'pythn'.*evaluate"):
        launch(["pythn", "train.py"], 2)


def is_running(process: str) -> bool:
    """Whether a process exists that is not only waiting for somebody to read its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", ["INT", "TERM", "KILL"])
def test_a_signal_ends_all(number: str, tmp_path: Path) -> None:
    if number == "KILL" and sys.platform != "linux":
        pytest.skip("only Linux's kernel ends processes with the one that started them")
    code = f"import os, time; open(os.path.join({str(tmp_path)!r}, str(os.getpid())), 'w'); "
    code += "time.sleep(1000)"
    call = f"[sys.executable, '-c', {code!r}], 2, 5"
    with subprocess.Popen([sys.executable, "-c", LAUNCH.format(call)]) as supervisor:
        while len(list(tmp_path.iterdir())) < 2:
            assert supervisor.poll() is None
        subprocess.run(["kill", f"-{number}", str(supervisor.pid)], check=True)
        assert supervisor.wait(30) == {"INT": 130, "TERM": 143, "KILL": -9}[number]
    until = time.monotonic() + 300
    for path in tmp_path.iterdir():
        while number == "KILL" and is_running(path.name) and time.monotonic() < until:
            time.sleep(0.01)  # the kernel ends them after their supervisor
        assert not is_running(path.name)


def test_a_process_that_is_stuck_ends_all() -> None:
    """One that does not come further in a pass, not one that is between them."""
    code = "import os, time; from rosenblatt.core import progress; "
    code += "n = int(os.environ['KERAS_DISTRIBUTION_PROCESS_ID']); n and progress.mark(); "
    code += "time.sleep(1000)"
    call = LAUNCH.format(f"[sys.executable, '-c', {code!r}], 2, 1, stuck_after=0.5")
    done = subprocess.run([sys.executable, "-c", call], capture_output=True, text=True, timeout=300)
    assert done.returncode == 124
    told = "launch: process 1 made no progress for 0.5 s (--stuck-after)"
    assert done.stderr.splitlines() == [
        f"{told}; all are started again (restart 1 of 1).", f"{told}; all are ended."
    ]  # fmt: skip


def test_who_is_stuck() -> None:
    watch = supervising.Watch(10.0)
    assert watch.stuck({}, 0.0) is None  # no pass is under way
    assert watch.stuck({0: 7, 1: 7}, 100.0) is None  # two clocks are not compared
    assert watch.stuck({0: 7, 1: 7}, 109.0) is None
    assert watch.stuck({0: 8, 1: 7}, 110.0) is None
    assert watch.stuck({0: 8, 1: 7}, 110.5) == 1
    assert watch.stuck({0: 8}, 119.0) is None
    assert watch.stuck({0: 8, 1: 7}, 121.0) == 0
    assert supervising.Watch(0).stuck({0: 8}, 10.0**9) is None


def test_a_pass_shows_its_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "progress"
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    seen: list[bool] = []

    class Looks(rb.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            seen.append(path.exists())
            path.unlink()  # each step shows itself again

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(path.exists())

    model = rb.Sequential([rb.Input((1,)), rb.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = [[1.0]] * 6
    model.fit(data, data, batch_size=2, epochs=2, verbose=0, callbacks=[Looks()])
    assert seen == [True, True, True, False] * 2
    assert not path.exists()


class Others(Placement):
    """One process of two; the other one tells the same, until its stream ends."""

    is_shared, gives_parts, left = True, False, 1

    def meet(self, what: str, told: str = "") -> list[str]:
        self.left -= 1
        return [told, told if self.left >= 0 else "end"]


def test_a_stream_that_ends_before_others() -> None:
    engine: Any = SimpleNamespace(placement=Others())
    source = StreamSource((np.ones((3, 1)),) for _ in range(2))
    blocks = together.agreed(engine, source, source.epoch(0, by_batch=True), "fit of model 'a'")
    assert next(blocks).n_rows == 3
    with pytest.raises(ValueError, match="fit of model 'a': the stream of process 1 ended before"):
        next(blocks)


class _Client:
    """A coordination service of one process, in which another one was there before."""

    def __init__(self, other: str):
        self._held: dict[str, Any] = {"rosenblatt/1/1": json.dumps([other, "b"])}

    def key_value_set(self, key: str, value: str) -> None:
        self._held[key] = value

    def blocking_key_value_get(self, key: str, milliseconds: int) -> str:
        return str(self._held[key])

    def wait_at_barrier(self, name: str, milliseconds: int) -> None:
        assert name == "rosenblatt/1"


@pytest.mark.parametrize("other", ["fit", "evaluate"])
def test_processes_at_different_points(other: str) -> None:
    meeting = Meeting(_Client(other), 0, 2)
    if other == "fit":
        assert meeting.exchange("fit", "a") == ["a", "b"]
        return
    with pytest.raises(RuntimeError, match="process 0: fit; process 1: evaluate"):
        meeting.exchange("fit", "a")
