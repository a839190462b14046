"""Environment variables in which a process finds the others; Keras's names where it has them."""

from __future__ import annotations

JOB_ADDRESSES = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
NUM_PROCESSES = "KERAS_DISTRIBUTION_NUM_PROCESSES"
PROCESS_ID = "KERAS_DISTRIBUTION_PROCESS_ID"
HEARTBEAT_SECONDS = "ROSENBLATT_HEARTBEAT_SECONDS"
