"""What each member of a network says, before their mean is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.models.model import Functional, Model
from rosenblatt.training.predict import predict_arrays

Inputs = Mapping[str, NDArray[Any]]


def member_outputs(network: Functional, inputs: Inputs) -> NDArray[np.float32]:
    """What all members of a network say of each row, before they are averaged.

    Args:
        network: with groups of members.
        inputs: of the network.

    Returns:
        (rows, groups · members, outputs): quantities or logits.
    """
    return outputs_of_members(members_of(network), inputs)


def members_of(network: Functional) -> Model:
    """A network up to where its members are averaged."""
    return Model(network.input, network.get_layer("head").output)


def outputs_of_members(members: Model, inputs: Inputs) -> NDArray[np.float32]:
    """What `member_outputs` gives; a model of `members_of` that is kept is asked sooner."""
    found = np.asarray(predict_arrays(members.training_session, dict(inputs), 1024))
    return found.reshape(len(found), -1, found.shape[-1])
