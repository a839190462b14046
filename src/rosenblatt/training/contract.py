"""What training asks of a model: `Task`. `models.task.ModelTask` is the one that models give."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from rosenblatt.core.types import Array, Tree
from rosenblatt.data.contract import Batch

if TYPE_CHECKING:
    from rosenblatt.core.variable import Variable
    from rosenblatt.data.rows import Inputs
    from rosenblatt.graph.graph import Graph
    from rosenblatt.layers.base import Layer
    from rosenblatt.optimizers.base import Optimizer
    from rosenblatt.training.functions import StepFunction
    from rosenblatt.training.placement import StateVariables
    from rosenblatt.training.signature import Signature
    from rosenblatt.training.spec import CompileSpec

Kind = Literal["train", "test", "predict"]


class Task(Protocol):
    """A model as the code that trains it, tests it and predicts with it sees it.

    Whoever implements it decides where weights come from and what a loss is; training only calls
    this. What is about losses, metrics and the optimizer is for models that were compiled.
    """

    @property
    def name(self) -> str:
        """The model's name, for messages."""

    @property
    def described(self) -> str:
        """Name and class, for messages: "model 'net' (Net)"."""

    @property
    def graph(self) -> Graph | None:
        """The graph of its layers; None where its structure is Python code."""

    @property
    def spec(self) -> CompileSpec:
        """The losses and metrics that `compile` was given."""

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer; `check` refuses a model without one."""

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""

    @property
    def is_built(self) -> bool:
        """Whether its weights are made."""

    @property
    def listed_metrics(self) -> list[Variable]:
        """The variables of the metrics that the model lists: the first of the state's."""

    def layers(self) -> Iterable[Layer]:
        """The model and the layers in it, outermost first."""

    def version(self) -> Hashable:
        """Equal as long as programs made before fit the model: its parts, and what is frozen."""

    def stamp(self) -> Hashable | None:
        """What is equal only as long as `version` is, and found at once; None where nothing is."""

    # -- what makes up a program -------------------------------------------------------------

    def variables(self, kind: Kind) -> StateVariables:
        """The variables that a program of a kind reads and writes."""

    def signature(self, variables: StateVariables, kind: Kind) -> Signature:
        """What a program of a kind is known by, and its run-time numbers."""

    def rows_apart(self, kind: Kind) -> bool:
        """Whether padding a batch changes nothing."""

    # -- what a step computes ----------------------------------------------------------------

    def forward(self, x: Tree, training: bool) -> Any:
        """The outputs for a batch of inputs."""

    def loss(self, batch: Batch, outputs: Tree, training: bool) -> Any:
        """The loss of a batch, a scalar."""

    def track(self, loss: Array, batch: Batch, outputs: Tree) -> None:
        """Update the running loss and the metrics."""

    def results(self) -> dict[str, Any]:
        """The metrics' values by name."""

    def result_names(self) -> list[str] | None:
        """Those names; None where only `results` tells them."""

    def own_step(self, kind: Kind) -> Callable[..., Any] | None:
        """The step that the user's class defines itself, if it does."""

    def makes_function(self, kind: Kind) -> bool:
        """Whether the user's class, or the user, makes a function in place of a loop over steps."""

    def own_function(self, kind: Kind) -> StepFunction | None:
        """That function, of a built model; None where it is the library's after all.

        Raises:
            TypeError: the class makes something else.
        """

    @property
    def reads_targets(self) -> bool:
        """Whether the user's class computes the loss or the metrics itself."""

    # -- getting ready -----------------------------------------------------------------------

    def inputs(self, finite: bool = True) -> Inputs:
        """How its inputs are read.

        Args:
            finite: whether NaN is refused where a look-up would hide it.
        """

    def build(self, x: Tree, y: Tree, kind: Kind) -> Any:
        """Make the weights, losses and metrics for data like these.

        Returns:
            Anything with the shapes of the outputs.
        """

    def check(self) -> None:
        """Refuse to train what cannot be trained, and make the optimizer's variables."""

    def reset_metrics(self) -> None:
        """Reset every metric."""
