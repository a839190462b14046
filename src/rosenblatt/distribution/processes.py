"""Several processes, of one machine or many, that train one model together."""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Sequence
from ipaddress import ip_address

import jax

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import random_seed_set, set_random_seed
from rosenblatt.distribution import environment
from rosenblatt.distribution.parallel import DataParallel, distribution, set_distribution
from rosenblatt.training.meeting import meeting

_HEARTBEAT_SECONDS = 30  # JAX's 100 would let the others wait longer for a machine that is gone


def initialize(
    job_addresses: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
) -> None:
    """Join the processes that train together; to be called before anything is computed.

    Afterwards all their devices are one `DataParallel`, unless another distribution is set, and all
    have the seed of the first process: the one that was set there, or a drawn one. What is not
    given is read from `KERAS_DISTRIBUTION_JOB_ADDRESSES`, `…_NUM_PROCESSES` and `…_PROCESS_ID`,
    which `rosenblatt launch` sets, or found by JAX on clusters that it knows. A process that gives
    no sign of life for `ROSENBLATT_HEARTBEAT_SECONDS` (30) is lost, and all others end.

    Args:
        job_addresses: "host:port" of the first process, or of all with commas between.
        num_processes: how many there are.
        process_id: the number of this one, from 0.

    Raises:
        BadArgument: as many addresses as there are processes are not given, or one is none.
        RuntimeError: something was computed before, or the others do not come.
    """
    text = job_addresses or os.environ.get(environment.JOB_ADDRESSES) or ""
    addresses = [one.strip() for one in text.split(",") if one.strip()]
    number = _whole(environment.NUM_PROCESSES, num_processes)
    process = _whole(environment.PROCESS_ID, process_id)
    if len(addresses) > 1 and number is not None and len(addresses) != number:
        raise BadArgument(
            "initialize: `job_addresses` and `num_processes` do not belong together.",
            given=f"{len(addresses)} addresses, num_processes={number}",
            expected="an address for each process, or that of the first one only",
        )
    own_address = _own_address(addresses) if addresses else None
    seconds = _whole(environment.HEARTBEAT_SECONDS, None) or _HEARTBEAT_SECONDS
    # It would catch SIGTERM, and training would go on: who asks for an end gets it at once.
    jax.config.update("jax_enable_preemption_service", False)
    first = addresses[0] if addresses else None
    jax.distributed.initialize(first, number, process, heartbeat_timeout_seconds=seconds)
    if own_address is not None:
        _be_reached_at(own_address)
    here = meeting()
    if here is not None:
        own = random_seed_set()
        offered = int.from_bytes(os.urandom(4), "little") if own is None else own
        first_seed = int(here.exchange("initialize", str(offered))[0])
        if own != first_seed:
            set_random_seed(first_seed)
    if distribution() is None:
        set_distribution(DataParallel())


def _own_address(addresses: Sequence[str]) -> str:
    """This machine's address on the way to the others.

    What the machine's own name stands for is 127.0.1.1 on many, where no other one reaches it.
    """
    found = [_address_towards(address) for address in addresses]
    return next((one for one in found if not ip_address(one).is_loopback), found[0])


def _address_towards(address: str) -> str:
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
        with socket.socket(found[0][0], socket.SOCK_DGRAM) as way:  # which sends nothing
            way.connect(found[0][4])
            own: str = way.getsockname()[0]
    except (OSError, ValueError) as error:
        raise BadArgument(
            f"initialize: bad `job_addresses` ({error}).",
            given=repr(address),
            expected="an address that can be reached, as 10.0.0.1:8476",
        ) from error
    return own


def _be_reached_at(address: str) -> None:
    """Tell the other processes this address for gloo, which carries the sums of processors."""
    from jax._src import distributed, xla_bridge  # no public way to choose the address
    from jaxlib import _jax

    if jax.config.jax_cpu_collectives_implementation != "gloo":  # type: ignore[attr-defined]
        return
    gloo = _jax.make_gloo_tcp_collectives(
        distributed_client=distributed.global_state.client, hostname=address
    )
    make = functools.partial(xla_bridge.make_cpu_client, collectives=gloo)
    xla_bridge.register_backend_factory("cpu", make, priority=0, fail_quietly=False)


def _whole(name: str, given: int | None) -> int | None:
    if given is not None:
        return int(given)
    text = os.environ.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise BadArgument(f"initialize: bad {name}.", given=repr(text), expected="a whole number")
    return int(text)


def num_processes() -> int:
    """How many processes train together; 1 before `initialize`.

    >>> num_processes()
    1
    """
    return jax.process_count()


def process_id() -> int:
    """The number of this process, from 0.

    >>> process_id()
    0
    """
    return jax.process_index()


def is_main() -> bool:
    """Whether this is the first process: the one that writes files and shows progress.

    >>> is_main()
    True
    """
    return process_id() == 0
