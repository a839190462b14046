"""Model: layers that can be trained, used and saved; in one file because users extend one class."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt import graph as graphs
from rosenblatt.core import registry, serialization
from rosenblatt.core.checks import boolean, checking, flag, optional
from rosenblatt.core.errors import BadArgument, NotSupported, WrongType, explain, nearest
from rosenblatt.core.faces import on_use
from rosenblatt.core.refusing import refusing
from rosenblatt.core.symbolic import (
    KerasTensor,
    any_symbolic,
    infer_outputs,
    node_of,
    shape_of,
    tree_leaves,
    tree_map,
)
from rosenblatt.core.types import PathLike, Shapes, Tree
from rosenblatt.graph.graph import Graph
from rosenblatt.graph.walk import LookedUp, running
from rosenblatt.layers import signatures
from rosenblatt.layers.base import Layer
from rosenblatt.layers.input import Input, InputLayer
from rosenblatt.layers.signatures import map_shapes
from rosenblatt.layers.spec import InputSpec
from rosenblatt.models.trainer import Trainer

if TYPE_CHECKING:
    from rosenblatt import saving
    from rosenblatt.data.parquet_writing import Written
    from rosenblatt.models import folders
else:
    folders = on_use("rosenblatt.models.folders")
    saving = on_use("rosenblatt.saving")


@registry.builtin("keras")
@registry.builtin("keras.models")
class Model(Trainer):
    """A model: from symbolic inputs and outputs, or a subclass with its own `call()`.

    Args:
        inputs: symbolic tensor, or a nest of them (list, tuple, dict by name).
        outputs: symbolic tensors computed from them.
        name: its name.

    Raises:
        ValueError: outputs that cannot be computed from the inputs.
        NotImplementedError: a subclass without `call()`.

    >>> import rosenblatt as rb
    >>> inputs = rb.Input(shape=(4,))
    >>> rb.Model(inputs, rb.layers.Dense(2)(inputs)).count_params()
    10
    """

    _output_names: list[str] | None = None  # where they were set
    # Whether its inputs are columns of tables, which have others too, and names of any kind.
    takes_columns = False
    _called: signatures.Called | None = None  # the first call of a model without a graph
    untraced = (
        *Layer.untraced, "_compiled", "optimizer", "_session", "stop_training", "history",
        "_called", "loss", "train_function", "test_function", "predict_function", "_jit_compile",
        "_run_eagerly", "steps_per_execution", "_output_names",
    )  # fmt: skip

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """`Model(inputs, outputs)` makes a `Functional`, as Keras's does."""
        if cls is Model and ("inputs" in kwargs or (args and any_symbolic(args[0]))):
            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, inputs: Tree = None, outputs: Tree = None, **kwargs: Any):
        trainable = kwargs.pop("trainable", True)
        super().__init__(**kwargs)
        if inputs is not None:
            if outputs is None:
                raise BadArgument("Model: `inputs` was given without `outputs`.")
            graph = Graph(inputs, outputs, self.name)
            if not self.takes_columns:
                graph.watch_names()
            self._graph = _from_inputs(graph)
            self._operations = [one for one in self._graph.layers if isinstance(one, Layer)]
            self._find_path()
            self.built = True
        if not trainable:
            self.trainable = False

    # -- calling ---------------------------------------------------------------------------------

    @property
    def takes_text(self) -> bool:  # type: ignore[override]
        """Whether layers of its graph look up text or ids on the host."""
        return self._graph is not None and self._graph.looks_up

    def _convert_inputs(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        if self.takes_text and not any_symbolic(args, kwargs):
            return args, kwargs  # the graph converts: JAX knows neither text nor large integers
        args, kwargs = super()._convert_inputs(args, kwargs)
        if self._graph is None and self._called is None:
            self._called = signatures.described(args, kwargs, self.variable_dtype)
        return args, kwargs

    # -- structure -----------------------------------------------------------------------------

    @property
    def layers(self) -> list[Any]:
        """Its layers."""
        if self._graph is not None:
            return list(self._operations)
        return self._layers

    @layers.setter
    def layers(self, value: Any) -> None:
        raise signatures.cannot_be_set(self, "layers", "give the attribute another name.")

    @property
    def inputs(self) -> Any:
        """The symbolic inputs, as a list; None for a subclassed model."""
        return None if self._graph is None else list(self._graph.inputs)

    @property
    def outputs(self) -> Any:
        """The symbolic outputs, as a list; None for a subclassed model."""
        return None if self._graph is None else list(self._graph.outputs)

    @property
    def input(self) -> Any:
        """The symbolic inputs, in the structure they were given."""
        return self._require_graph("input").input_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs, in the structure they were given."""
        return self._require_graph("output").output_structure

    @property
    def input_names(self) -> list[str] | None:
        """Names of the inputs."""
        return None if self._graph is None else self._graph.input_names

    @property
    def output_names(self) -> list[str] | None:
        """Names of the outputs, of their losses and metrics; None where only a call tells."""
        own = self._output_names
        return own or (None if self._graph is None else self._graph.output_names)

    @output_names.setter
    def output_names(self, names: Sequence[str] | None) -> None:
        self._output_names = None if names is None else list(names)

    @property  # type: ignore[misc]
    def input_shape(self) -> Any:  # type: ignore[override]
        """The input's shape, or a list of the inputs' shapes."""
        return _one_or_list([t.shape for t in self._require_graph("input_shape").inputs])

    @property
    def output_shape(self) -> Any:
        """The output's shape, or a list of the outputs' shapes."""
        return _one_or_list([t.shape for t in self._require_graph("output_shape").outputs])

    def _require_graph(self, what: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                explain(
                    f"Model {self.name!r} ({type(self).__name__}) has no `{what}`: its structure "
                    "is Python code in `call()`, not known before it runs.",
                    fix="build it with the Functional API: `Model(inputs, outputs)`.",
                )
            )
        return self._graph

    @refusing("`get_layer`")
    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by name or by number.

        Raises:
            ValueError: neither or both given; no such layer (with the nearest name).
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise BadArgument("get_layer: give exactly one of `name` and `index`.")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise BadArgument(
                    f"get_layer: no layer {index}.",
                    given=f"index={index}",
                    expected=f"0 to {len(layers) - 1}",
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise BadArgument(
            f"Model {self.name!r} has no layer {name!r}.",
            fix=nearest(str(name), [layer.name for layer in layers]),
        )

    def call(self, inputs: Tree, training: bool | None = None, mask: Tree = None) -> Any:
        """The outputs for some inputs; subclasses write this."""
        if self._graph is None:
            raise NotSupported(
                f"Model {type(self).__name__} has no `call()` method.",
                fix="define `call(self, inputs)`, or make it with `Model(inputs, outputs)`.",
            )
        return self._graph.run(inputs, training, mask)

    @refusing("`build`")
    def build(self, input_shape: Shapes = None) -> None:
        """Create the weights for inputs of a shape (or nest of shapes).

        Args:
            input_shape: with None for the batch.

        Raises:
            Exception: that of `call`, which takes neither the model's dtype nor integers.
        """
        if self._graph is not None or input_shape is None:
            return
        try:
            self._build_by_call(input_shape, self.compute_dtype)
        except Exception:
            with suppress(Exception):  # rows to take, say: a shape does not tell
                self._build_by_call(input_shape, "int32")
                return
            raise

    def _build_by_call(self, input_shape: Shapes, dtype: str) -> None:
        symbolic = map_shapes(lambda s: KerasTensor(s, dtype), input_shape)
        infer_outputs(self._call_quietly, (symbolic,), {})
        self._called = self._called or signatures.described((symbolic,), {}, self.variable_dtype)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The first call creates the weights by running, unless the class has its own `build`."""
        if self._graph is None and type(self).build is Model.build:
            self._mark_built({"input_shape": tree_map(shape_of, args[0]) if args else None})
        else:
            super()._build_for(args, kwargs)

    def build_for_data(self, x: Tree) -> Any:
        """Create the weights for data like this.

        Args:
            x: arrays of a batch, in the user's structure.

        Returns:
            Symbolic tensors for the outputs.
        """
        if self._graph is not None:
            if not isinstance(x, LookedUp):
                self._graph.arrange(x)
            return self._graph.returned
        if self.training_session.task.run_eagerly:  # its `call` may ask for values
            outputs = tree_map(lambda a: np.asarray(a), self(x))
            return tree_map(lambda a: KerasTensor((None, *a.shape[1:]), a.dtype), outputs)
        symbolic = tree_map(lambda a: KerasTensor((None, *a.shape[1:]), a.dtype), x)
        outputs = infer_outputs(lambda x: Layer.__call__(self, x), (symbolic,), {})
        self.built = True
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors for the outputs of a call."""
        graph = self._graph
        if graph is not None and self.takes_text:  # text cannot be traced
            return tree_map(lambda t: KerasTensor(t.shape, t.dtype), graph.output_structure)
        model = self if graph is not None else self._as_built_for(args, kwargs)
        outputs = infer_outputs(model._call_quietly, args, kwargs)
        # Keras takes a list or tuple of one apart for arrays, but not for symbolic tensors.
        return type(graph.output_structure)([outputs]) if graph and graph.is_single else outputs

    # -- printing, configuration, files ----------------------------------------------------------

    @refusing("`summary`")
    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters.

        Args:
            line_length: width in characters.
            positions: where each column ends, as shares of the line.
            print_fn: takes the text instead of the terminal.
            expand_nested: show the layers of inner models.
            show_trainable: show which layers are trained.
            layer_range: names (or patterns) of the first and last layer to show.
        """
        graphs.print_summary(
            self,
            print_fn,
            line_length=line_length,
            positions=positions,
            expand_nested=expand_nested,
            show_trainable=bool(show_trainable),
            layer_range=layer_range,
        )

    def _repr_html_(self) -> str:
        return graphs.summary_html(self)

    def get_config(self) -> dict[str, Any]:
        """What makes an equal model, without its weights.

        Raises:
            NotImplementedError: a subclassed model whose arguments are not plain values.
        """
        own = type(self).__init__ is not Model.__init__ and type(self) is not Functional
        if self._graph is None or own:
            return Layer.get_config(self)
        return {
            "name": self.name,
            "trainable": self.trainable,
            **graphs.graph_to_config(self._graph),
        }

    @classmethod
    @refusing("`from_config`")
    def from_config(
        cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """The model of a config, with new weights."""
        with registry.custom_object_scope(custom_objects or {}):
            if not isinstance(config, Mapping):
                raise WrongType(f"The config of a {cls.__name__} is not a dict.", given=config)
            if "layers" in config and "input_layers" in config:
                inputs, outputs = graphs.graph_from_config(
                    saving.legacy_config.modern_model(config)
                )
                target = Functional if cls is Model else cls
                model = target(inputs=inputs, outputs=outputs, name=config.get("name"))
                if not config.get("trainable", True):
                    model.trainable = False
                return model
            if isinstance(config.get("dtype"), Mapping):
                config = {**config, "dtype": config["dtype"]["config"]["name"]}
            return super().from_config(config)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON; `model_from_json` reads it."""
        return json.dumps(serialization.serialize_keras_object(self), **kwargs)

    @refusing("`save`")
    @checking("save", zipped=optional(boolean))
    def save(
        self, filepath: PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Save architecture, weights, compile settings and optimizer state.

        Args:
            filepath: a path that ends in `.keras`, or in `.h5` for Keras 2.
            overwrite: whether an existing file is replaced.
            zipped: False writes a folder of files instead of one.
        """
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def export(
        self,
        filepath: PathLike,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Tree = None,
    ) -> None:
        """Write the model, as it predicts, for other programs.

        Args:
            filepath: the file to write; a folder for "tf_saved_model".
            format: "onnx", "stablehlo", "npz" (a plain NumPy archive) or "tf_saved_model".
            verbose: whether to print what was written, and what it takes and gives.
            input_signature: a list with an `InputSpec`, an array, or a nest of them for each
                argument of the call; those of the first call, or of the `Input`s, if None.

        Raises:
            ValueError: a model that was never called; a layer that the format cannot hold, by name.
                Nothing is written then.
        """
        saving.export.export_model(self, filepath, format, bool(verbose), input_signature)

    def predict_folder(
        self,
        folder: PathLike | Sequence[PathLike],
        out: PathLike,
        keep: str | Sequence[str] = (),
        features: Sequence[str] | None = None,
        batch_size: int | None = None,
    ) -> Written:
        """Write a file of predictions for each Parquet file of a folder; any number of rows.

        Files are read row group by row group. A file of predictions gets its place when it is
        whole, and one that is there already stays: a call that was cut off is continued by the
        same call. A file that was made of other rows, or by other weights, is an error.

        Args:
            folder: a folder of Parquet files, a file, or several files.
            out: the folder for the predictions; made if need be.
            keep: columns that are written before the predictions, as they are.
            features: the columns that are read, in the order of the inputs. None: those with the
                names of the inputs, or all but those that are kept.
            batch_size: as of `predict`; each row group begins a new batch.

        Returns:
            The files; how many of them were made, and the rows in these.

        Raises:
            MissingPackage: pyarrow is not installed.
            ValueError: a damaged file, missing columns, or a file in the way.
        """
        kept = [keep] if isinstance(keep, str) else list(keep)
        return folders.predict_folder(self, folder, out, kept, features, batch_size)

    @refusing("`save_weights`")
    def save_weights(
        self, filepath: PathLike, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Save the weights alone, to a path that ends in `.weights.h5`.

        Args:
            filepath: the path.
            overwrite: whether an existing file is replaced.
            max_shard_size: None; weights are written to one file.
        """
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    @refusing("`load_weights`")
    @checking("load_weights", skip_mismatch=flag)
    def load_weights(self, filepath: PathLike, skip_mismatch: bool = False, **kwargs: Any) -> Any:
        """Take the weights of a `.weights.h5`, `.keras` or `.h5` file; returns what was loaded."""
        return saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built for; a Functional model has them in its structure."""
        if self._graph is not None and self._build_shapes is None:
            return {"input_shape": None}
        return Layer.get_build_config(self)

    @refusing("`build_from_config`")
    def build_from_config(self, config: dict[str, Any]) -> None:
        """Create the weights for the shapes of `get_build_config()`."""
        if self._graph is None and config.get("input_shape") is not None:
            Layer.build_from_config(self, config)


@registry.builtin("keras.src.models.functional")  # the outermost is the one that files name
@registry.builtin("keras.models")
@registry.builtin("keras")
class Functional(Model):
    """A model made of symbolic inputs and outputs; `Model(inputs, outputs)` gives one."""

    _counts_calls_from = 1
    untraced = (*Model.untraced, "_own_input_spec")

    @property
    def operations(self) -> list[Any]:
        """The layers and operations of its graph, each once, in the order they run."""
        return list(self._require_graph("operations").layers)

    @property
    def input_spec(self) -> Any:
        """What each input must look like, or what was set; None for inputs in a nest of nests.

        >>> import rosenblatt as rb
        >>> inputs = rb.Input(shape=(4,), name="x")
        >>> rb.Model(inputs, rb.layers.Dense(2)(inputs)).input_spec[0].shape
        (None, 4)
        """
        if "_own_input_spec" in vars(self):
            return self._own_input_spec
        return _specs(self._require_graph("input_spec"))

    @input_spec.setter
    def input_spec(self, spec: Any) -> None:
        self._own_input_spec = spec

    def _check_input_spec(self, args: Any) -> None:
        if "_own_input_spec" in vars(self):  # otherwise the graph looks at its inputs itself
            super()._check_input_spec(args)


def _specs(graph: Graph) -> list[InputSpec] | None:
    """A spec for each input of a graph; for a dict in the order of its keys, as Keras has them."""
    structure = graph.input_structure
    if isinstance(structure, Mapping):
        if not all(isinstance(tensor, KerasTensor) for tensor in structure.values()):
            return None
        named = sorted(structure.items())
    else:
        named = [(node_of(tensor).operation.name, tensor) for tensor in graph.inputs]
    return [
        InputSpec(
            shape=(None, *tensor.shape[1:]),
            allow_last_axis_squeeze=True,
            name=name,
            optional=getattr(node_of(tensor).operation, "optional", False),
        )
        for name, tensor in named
    ]


def _from_inputs(graph: Graph) -> Graph:
    """The graph itself, or one that begins with `Input`s in place of other layers' outputs."""
    begins = [isinstance(node_of(t).operation, InputLayer) for t in graph.inputs]
    if all(begins):
        return graph
    inputs = tree_map(
        lambda t: (
            t
            if isinstance(node_of(t).operation, InputLayer)
            else Input(batch_shape=t.shape, dtype=t.dtype)
        ),
        graph.input_structure,
    )
    found = Graph(inputs, graph.walk(tree_leaves(inputs), running(None)), graph.name)
    found.watches_names = graph.watches_names
    return found


def _one_or_list(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items
