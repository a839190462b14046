"""Layer: weights, `build`, `call`, configuration; one file because users extend one class."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import jax
import jax.numpy as jnp

from rosenblatt.core import dtypes, registry, serialization
from rosenblatt.core.checks import one_of
from rosenblatt.core.errors import NotSupported, RosenblattError, WrongType, nearest
from rosenblatt.core.faces import on_use
from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.naming import current_path, fresh_names
from rosenblatt.core.random import seeded
from rosenblatt.core.refusing import STRAY, is_of_user, refusing, reword
from rosenblatt.core.scope import Scope, current_scope, use_scope
from rosenblatt.core.symbolic import (
    KerasTensor,
    Node,
    Operation,
    any_symbolic,
    infer_outputs,
    shape_of,
    tree_leaves,
    tree_map,
)
from rosenblatt.core.tracing import explaining
from rosenblatt.core.types import DTypeLike, Identifier, Mask, Shapes, Tree
from rosenblatt.core.variable import Variable, autocast_scope
from rosenblatt.layers import inference, mask_rules, signatures
from rosenblatt.layers.arguments import HasDtypes, LayerArguments
from rosenblatt.layers.context import inside, marking_built, one_thread
from rosenblatt.layers.signatures import (
    as_tuples,
    holds_arrays,
    map_shapes,
    parameter_names,
    parameters_of,
    pop_input_shape,
)
from rosenblatt.layers.weights import HoldsWeights

if TYPE_CHECKING:
    from rosenblatt import regularizers
else:
    regularizers = on_use("rosenblatt.regularizers")


@registry.builtin("keras.layers")
@registry.builtin("keras")
class Layer(HoldsWeights, HasDtypes, Operation, LayerArguments):
    """A function of arrays with weights of its own.

    A subclass creates weights in `build(input_shape)` with `add_weight` and computes in
    `call(inputs)`, which may take `training=`.

    Args:
        activity_regularizer: a regularizer of the outputs, added to the loss.
        trainable: whether its weights are updated in training.
        dtype: dtype name or policy of its computations and weights.
        autocast: cast float inputs to the compute dtype.
        name: its name; made from the class name if None.

    Raises:
        TypeError: an argument that does not exist, with the nearest match.

    >>> import numpy as np
    >>> class Double(Layer):
    ...     def call(self, inputs):
    ...         return 2 * inputs
    >>> Double()(np.array([1.0, 2.0], "float32"))
    Array([2., 4.], dtype=float32)
    """

    untraced: ClassVar[tuple[str, ...]] = (
        "name", "seed", "_auto_config", "_inbound_nodes", "_losses", "_build_shapes", "_in_build",
        "_complete", "_input_shape_argument", "_revision", "path", "supports_jit",
        "_dtype_policy",
    )  # fmt: skip
    # Whether each output row depends on the same input row alone (or the layer reads `row_mask`):
    # the engine may then pad batches. A class written by a user must say so itself.
    row_independent = True
    # Whether `call` does nothing but compute each row from that row and the weights: it draws,
    # assigns and adds nothing, and may then be called for some rows by themselves. A class says it
    # of itself; a subclass may do more.
    only_maps_rows = False
    # Whether it calls a user's function, which no config describes.
    runs_user_code = False
    # Whether it takes text: others refuse it.
    takes_text = False
    # Whether its `call` can be traced; a model with a layer that sets this to False runs eagerly.
    supports_jit = True
    # Whether outputs may have masks where no input has one: with a `compute_mask` they may.
    makes_masks = False

    def __init__(
        self,
        *,
        activity_regularizer: Identifier = None,
        trainable: bool = True,
        dtype: DTypeLike = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(name)
        self._trainable_weights: list[Variable] = []
        self._non_trainable_weights: list[Variable] = []
        self._losses: list[Any] = []
        self._trainable = signatures.flag(self, "trainable", trainable)
        self._build_shapes: dict[str, Any] | None = None
        self.path = None
        self.built = self.always_built and not signatures.is_users(type(self), "build")
        self._in_build = False
        self._complete = False  # whether `build` is over, and no more weights may come
        self.autocast = autocast
        if type(self).compute_mask is not Layer.compute_mask:
            self.supports_masking = True
        self.dtype_policy = dtypes.get_policy(dtype)
        self.activity_regularizer: Any = None
        if activity_regularizer is not None:
            check, what = one_of(regularizers), "bad `activity_regularizer`."
            self.activity_regularizer = check.require(
                activity_regularizer, f"{type(self).__name__}: {what}"
            )
        self._input_shape_argument = pop_input_shape(kwargs)
        if kwargs:
            known = set(parameter_names(type(self))) | {"input_shape", "name", "dtype", "trainable"}
            wrong = next(iter(kwargs))
            raise WrongType(
                f"{type(self).__name__} has no argument {wrong!r}.",
                fix=nearest(wrong, known - {"self", "kwargs"}),
            )

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = marking_built(vars(cls)["build"])  # type: ignore[method-assign]
        if "compute_mask" in vars(cls) and "makes_masks" not in vars(cls):
            cls.makes_masks = True

    # -- losses ----------------------------------------------------------------------------

    @refusing("`add_loss`")
    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the training loss; called in `call()`.

        Args:
            loss: a scalar or a list of scalars.
        """
        for value in tree_leaves(loss):
            signatures.require_number(value, f"{self._where}: `add_loss`")
            scope = current_scope()
            if scope is None:
                self._losses.append(value)
            else:
                scope.losses.append(value)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Keras 2's; refused, as Keras 3 refuses it."""
        raise NotSupported(
            f"{self._where}: `add_metric` is of Keras 2.",
            fix="`compile(metrics=[…])`, or keep a metric in an attribute and call its "
            "`update_state` in `call()`.",
        )

    @property
    def losses(self) -> list[Any]:
        """The scalars added by `add_loss` in the last call, and the weights' penalties."""
        scope = current_scope()
        if scope is not None and scope.forward_losses is not None:
            return list(scope.forward_losses)
        if scope is not None:
            return [*scope.losses, *self._weight_penalties()]
        collected = [loss for layer in self._flatten_layers() for loss in layer._losses]
        return collected + self._weight_penalties()

    def _weight_penalties(self) -> list[Any]:
        return [v.regularizer(v.value) for v in self.trainable_weights if v.regularizer is not None]

    # -- calling ---------------------------------------------------------------------------

    def build(self, input_shape: Shapes) -> None:
        """Create the weights for inputs of a shape; subclasses write this."""
        self._mark_built({"input_shape": input_shape})

    def _mark_built(self, shapes: dict[str, Any]) -> None:
        self._build_shapes = shapes
        self._find_path()
        self.built = True
        self._complete = not self._in_build  # `super().build()` is not the end of it
        if not self._trainable:
            self.trainable = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._call_with(args, kwargs)
        except RosenblattError as error:
            if str(error).startswith("`ops.") and not is_of_user(error):
                error.args = (f"{self._where}: {error}",)
            raise
        except STRAY as error:
            reword(error, lambda it: signatures.unfit(self, args, kwargs, it))
            raise

    def _call_with(self, args: Any, kwargs: Any) -> Any:
        self._require_init()
        refuse_forked()
        signatures.check_arguments(self, args, kwargs)
        args, kwargs = self._convert_inputs(args, kwargs)
        self._check_input_spec(args)
        self._build_once(args, kwargs)
        training = signatures.resolve_training(self, args, kwargs)
        self._forget_losses_of_the_last_call()
        symbolic = any_symbolic(args, kwargs)
        filled = mask_rules.with_masks(self, args, kwargs, symbolic)
        cast = self.compute_dtype if self.compute_dtype != self.variable_dtype else None
        with explaining(self._where), inside(self.name, training), autocast_scope(cast):
            outputs = (self.symbolic_call if symbolic else self._compute)(*args, **filled)
            signatures.check_outputs(outputs, self._where)
            mask_rules.pass_on(self, args, filled, outputs, symbolic)
        if symbolic:  # the node keeps what the user gave: masks are found again when it runs
            Node(self, args, kwargs, outputs)
        return outputs

    @property
    def _where(self) -> str:
        """The layer in messages."""
        return f"Layer {self.name!r} ({type(self).__name__})"

    def _build_once(self, args: Any, kwargs: Any) -> None:
        """Make the weights of a new layer, in one thread."""
        if not self.built or self._in_build:
            with one_thread:
                if not self.built:
                    self._build_for(args, kwargs)

    def _forget_losses_of_the_last_call(self) -> None:
        if not current_path() and current_scope() is None:  # the outermost layer
            for layer in self._flatten_layers():
                layer._losses = []

    def _compute(self, *args: Any, **kwargs: Any) -> Any:
        """`call` on arrays, and the penalty on what it gives."""
        scope = current_scope()
        if scope is None or scope.calls is None:
            outputs = self.call(*args, **kwargs)
        else:
            outputs = scope.calls(self, *args, **kwargs)
        for output in tree_leaves(outputs) if self.activity_regularizer is not None else ():
            self.add_loss(signatures.activity_penalty(self.activity_regularizer, output))
        return outputs

    def compute_mask(self, inputs: Tree, previous_mask: Mask) -> Any:
        """The masks of the outputs; that of the inputs, unless a subclass writes this.

        Args:
            inputs: the first argument of the call.
            previous_mask: its mask or nest of masks, bool (batch, steps), None where it has none.
        """
        return previous_mask

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Infer the outputs; `__call__` records the node."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors for the outputs of a call, also of a layer that is not built.

        A user's class that says so in `compute_output_shape` is asked; `call` is traced otherwise.
        """
        if signatures.is_users(type(self), "compute_output_shape"):
            return self._spec_by_shape(args, kwargs)
        return self._spec_by_trace(*args, **kwargs)

    def _spec_by_trace(self, *args: Any, **kwargs: Any) -> Any:
        layer = self._as_built_for(args, kwargs)
        return inference.remembered(layer, layer._call_quietly, args, kwargs)

    def _spec_by_shape(self, args: Any, kwargs: Any) -> Any:
        """What the class's own `compute_output_shape` says, in the compute dtype."""
        if any(not layer.built for layer in self._layers):  # `call` makes their weights
            infer_outputs(self._call_quietly, args, kwargs)
        shape = self._ask_for_shapes("compute_output_shape", args, kwargs)
        return map_shapes(lambda sizes: KerasTensor(sizes, self.compute_dtype), shape)

    def _call_quietly(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = self._convert_inputs(args, kwargs)
        cast = self.compute_dtype if self.compute_dtype != self.variable_dtype else None
        with explaining(self._where), autocast_scope(cast):
            outputs = self.call(*args, **kwargs)
        signatures.check_outputs(outputs, self._where, inner=True)
        return jax.tree_util.tree_map(jnp.asarray, outputs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for inputs of a shape.

        Args:
            args: `input_shape`, a tuple with None for the batch (or a nest of tuples).

        Returns:
            The output's shape, or a nest of them.
        """
        shapes = (*args, *kwargs.values())
        tensors = [map_shapes(lambda s: KerasTensor(s, self.compute_dtype), s) for s in shapes]
        unknown = any(None in t.shape[1:] for t in tree_leaves(tensors))
        try:
            return self._shapes_of(tensors)
        except ValueError:
            if self.built or self._layers or not unknown or not registry.is_builtin(type(self)):
                raise
            return inference.of_any_features(self._shapes_of, tensors)

    def _shapes_of(self, tensors: list[Any]) -> Any:
        layer = self._as_built_for(tuple(tensors), {})
        asks = ("compute_output_shape", "compute_output_spec")  # which may ask this one in turn
        by_trace = any(signatures.is_users(type(self), method) for method in asks)
        infer = layer._spec_by_trace if by_trace else layer.compute_output_spec
        return tree_map(lambda t: t.shape, infer(*tensors))

    def _as_built_for(self, args: Any, kwargs: Any) -> Layer:
        """The layer, or a built copy: a question about shapes leaves a new layer as it is."""
        layer = self
        if not self.built and not self._layers:
            layer = copy.copy(self)
            layer._trainable_weights, layer._non_trainable_weights = [], []
        elif not self.built and not signatures.is_users(type(self), "call"):
            layer = copy.deepcopy(self)  # a wrapper: the layer inside stays as it is, too
        if layer is self:
            if not self.built:
                self._build_for(args, kwargs)
            return self
        with seeded(0), fresh_names():  # what the layer draws and is called later is as without it
            layer._build_for(args, kwargs)
        return layer

    def _convert_inputs(self, args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
        return signatures.convert_inputs(self, args, kwargs)

    def _check_input_spec(self, args: Any) -> None:
        spec = self.input_spec
        if spec is not None and args:
            specs = spec if isinstance(spec, (list, tuple)) else [spec]
            for one, tensor in zip(specs, tree_leaves(args[0]), strict=False):
                one.check(tensor, self._where)

    def _ask_for_shapes(self, method: str, args: Any, kwargs: Any) -> Any:
        """Call `build` or `compute_output_shape` with the shapes of a call's arrays.

        Args:
            method: a method of one argument, which gets the shape of the first array, or of several
                called `<argument of call>_shape`.
            args, kwargs: of the call.
        """
        names = parameter_names(type(self), "call")[1:]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        tensors = {k: v for k, v in given.items() if k != "mask" and holds_arrays(v)}
        shapes = {f"{k}_shape": tree_map(shape_of, v) for k, v in tensors.items()}
        wanted = parameter_names(type(self), method)[1:]
        ask = getattr(self, method)
        if len(wanted) == 1:
            return ask(next(iter(shapes.values()), None))
        return ask(**{k: shapes[k] for k in wanted if k in shapes})

    def _build_for(self, args: Any, kwargs: Any) -> None:
        self._ask_for_shapes("build", args, kwargs)
        if not self.built:
            self._mark_built({"input_shape": tree_map(shape_of, args[0]) if args else None})

    @property
    def call_signature_parameters(self) -> list[str]:
        """The names of the arguments of `call`."""
        return list(parameter_names(type(self), "call")[1:])

    def _call_takes(self, name: str) -> bool:
        return name in parameters_of(type(self), "call")

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call with the variables' values as arguments, changing nothing (as Keras's).

        Args:
            trainable_variables: values in the order of `self.trainable_variables`.
            non_trainable_variables: values in the order of `self.non_trainable_variables`.
            return_losses: return the losses too.

        Returns:
            outputs and the new non-trainable values (and the losses).
        """
        signatures.require_built(self, "stateless_call")
        fixed = self.non_trainable_variables
        # Variables themselves may be given for their values.
        pairs = [
            *signatures.pairs(self, self.trainable_variables, trainable_variables, "trainable"),
            *signatures.pairs(self, fixed, non_trainable_variables, "non-trainable"),
        ]
        outer = current_scope()
        scope = Scope(
            {id(v): value.value if isinstance(value, Variable) else value for v, value in pairs},
            outer.parameters if outer else None,
            outer.row_mask if outer else None,
            outer.row_count if outer else None,
        )
        with use_scope(scope):
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses or outer else []
        if outer is not None:
            outer.forward_losses = losses
        new = [scope.values[id(v)] for v in fixed]
        return (outputs, new, losses) if return_losses else (outputs, new)

    # -- configuration and files -----------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        base: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialization.serialize_keras_object(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if self._uses_default_config():
            taken = parameters_of(type(self))
            if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
                base = {key: value for key, value in base.items() if key in taken}
            return {**base, **super().get_config()}
        return {**base, **self.own_config()}

    def _uses_default_config(self) -> bool:
        """Whether it is a user's class without `get_config`: saved by its arguments."""
        cls = type(self)
        if registry.is_builtin(cls) or not cls.get_config.__module__.startswith("rosenblatt."):
            return False
        own = not cls.__init__.__module__.startswith("rosenblatt.")
        return not self.__settings__ or (own and self._auto_config is not None)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built for."""
        if not self.built or self._build_shapes is None:
            return None
        return self._build_shapes

    @refusing("`build_from_config`")
    def build_from_config(self, config: dict[str, Any]) -> None:
        """Create the weights for the shapes of `get_build_config()`."""
        if config:
            shapes = {k: as_tuples(v) for k, v in config.items()}
            if set(shapes) == {"input_shape"}:
                self.build(shapes["input_shape"])
            elif "shapes_dict" in shapes:
                self.build(**shapes["shapes_dict"])
            else:
                self.build(**shapes)

    def __getattr__(self, name: str) -> Any:
        found = getattr(type(self), name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)  # again, for its own message: Python has dropped the first
        raise AttributeError(signatures.missing_attribute(self, name), name=name, obj=self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
