"""What Keras's own guides do with dense networks, after a change of the import line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

import rosenblatt as keras
from rosenblatt import layers, ops

rng = np.random.default_rng(0)
X = rng.normal(size=(96, 8)).astype("float32")
LABELS = rng.integers(0, 3, 96)
TARGETS = X[:, :1] * 2 + 1


def fit(model: Any, *data: Any, **options: Any) -> Any:
    return model.fit(*data, batch_size=32, epochs=1, verbose=0, **options)


# -- the Functional API ----------------------------------------------------------------------


def test_functional_first_model(tmp_path: Path) -> None:
    inputs = keras.Input(shape=(8,))
    assert (inputs.shape, inputs.dtype) == ((None, 8), "float32")
    dense = layers.Dense(16, activation="relu")
    x = dense(inputs)
    x = layers.Dense(16, activation="relu")(x)
    outputs = layers.Dense(3)(x)
    model = keras.Model(inputs=inputs, outputs=outputs, name="mnist_model")
    model.summary(print_fn=lambda text: None)
    keras.utils.plot_model(model, tmp_path / "my_first_model_with_shape_info.png", show_shapes=True)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.RMSprop(),
        metrics=["accuracy"],
    )
    history = fit(model, X, LABELS, validation_split=0.25)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    scores = model.evaluate(X, LABELS, verbose=0)
    model.save(tmp_path / "my_model.keras")
    again = keras.models.load_model(tmp_path / "my_model.keras")
    np.testing.assert_allclose(again.evaluate(X, LABELS, verbose=0), scores, rtol=1e-5)


def test_functional_one_graph_for_two_models() -> None:
    encoder_input = keras.Input(shape=(8,), name="img")
    encoder_output = layers.Dense(2, activation="relu", name="code")(encoder_input)
    encoder = keras.Model(encoder_input, encoder_output, name="encoder")
    decoder_output = layers.Dense(8)(layers.Dense(4, activation="relu")(encoder_output))
    autoencoder = keras.Model(encoder_input, decoder_output, name="autoencoder")
    autoencoder.compile("adam", "mse")
    before = encoder(X)
    fit(autoencoder, X, X)
    assert not np.allclose(before, encoder(X))  # the weights are shared
    assert autoencoder.output_shape == (None, 8)


def test_functional_models_are_layers() -> None:
    encoder_input = keras.Input(shape=(8,), name="original")
    encoder = keras.Model(encoder_input, layers.Dense(2)(encoder_input), name="encoder")
    decoder_input = keras.Input(shape=(2,), name="encoded")
    decoder = keras.Model(decoder_input, layers.Dense(8)(decoder_input), name="decoder")
    autoencoder_input = keras.Input(shape=(8,), name="img")
    autoencoder = keras.Model(autoencoder_input, decoder(encoder(autoencoder_input)), name="auto")
    assert [layer.name for layer in autoencoder.layers] == ["img", "encoder", "decoder"]
    np.testing.assert_allclose(autoencoder(X), decoder(encoder(X)), rtol=1e-5)


def test_functional_ensemble() -> None:
    def get_model() -> Any:
        inputs = keras.Input(shape=(8,))
        return keras.Model(inputs, layers.Dense(1)(inputs))

    models = [get_model() for _ in range(3)]
    inputs = keras.Input(shape=(8,))
    ensemble = keras.Model(inputs=inputs, outputs=layers.average([m(inputs) for m in models]))
    expected = np.mean([m(X) for m in models], axis=0)
    np.testing.assert_allclose(ensemble(X), expected, rtol=1e-5, atol=1e-6)


def ticket_model() -> Any:
    title_input = keras.Input(shape=(None,), name="title")
    body_input = keras.Input(shape=(None,), name="body")
    tags_input = keras.Input(shape=(4,), name="tags")
    title_features = layers.Embedding(50, 8)(title_input)
    body_features = layers.Embedding(50, 8)(body_input)
    title_features = layers.Lambda(mean_of_words)(title_features)
    body_features = layers.Lambda(mean_of_words)(body_features)
    x = layers.concatenate([title_features, body_features, tags_input])
    priority_pred = layers.Dense(1, name="priority")(x)
    department_pred = layers.Dense(3, name="department")(x)
    return keras.Model(
        inputs=[title_input, body_input, tags_input],
        outputs={"priority": priority_pred, "department": department_pred},
    )


def mean_of_words(x: Any) -> Any:
    return ops.mean(x, axis=1)


def test_functional_several_inputs_and_outputs() -> None:
    data = {
        "title": rng.integers(50, size=(96, 5)).astype("float32"),
        "body": rng.integers(50, size=(96, 7)).astype("float32"),
        "tags": rng.integers(2, size=(96, 4)).astype("float32"),
    }
    targets = {
        "priority": rng.random(size=(96, 1)),
        "department": keras.utils.to_categorical(LABELS, 3),
    }
    bce = keras.losses.BinaryCrossentropy(from_logits=True)
    cce = keras.losses.CategoricalCrossentropy(from_logits=True)
    model = ticket_model()
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={"priority": bce, "department": cce},
        loss_weights={"priority": 1.0, "department": 0.2},
    )
    history = fit(model, data, targets).history
    assert set(history) == {"loss", "priority_loss", "department_loss"}
    np.testing.assert_allclose(
        history["loss"][0],
        history["priority_loss"][0] + 0.2 * history["department_loss"][0],
        rtol=1e-4,
    )
    assert set(model.predict(data, verbose=0)) == {"priority", "department"}


def test_functional_residual_blocks() -> None:
    inputs = keras.Input(shape=(8,), name="row")
    block_1_output = layers.Dense(8, activation="relu")(inputs)
    x = layers.Dense(8, activation="relu")(block_1_output)
    block_2_output = layers.add([layers.Dense(8, activation="relu")(x), block_1_output])
    outputs = layers.Dense(3)(layers.Dropout(0.5)(block_2_output))
    model = keras.Model(inputs, outputs, name="toy_resnet")
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["acc"],
    )
    assert set(fit(model, X, LABELS, validation_split=0.2).history) >= {"acc", "val_acc"}


def test_functional_shared_layers_and_extracted_nodes() -> None:
    shared_embedding = layers.Embedding(30, 4)
    text_input_a = keras.Input(shape=(None,), dtype="int32")
    text_input_b = keras.Input(shape=(None,), dtype="int32")
    encoded = [shared_embedding(text_input_a), shared_embedding(text_input_b)]
    model = keras.Model([text_input_a, text_input_b], encoded)
    assert len(model.weights) == 1
    words = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(*model([words, words]))

    base = keras.Sequential([keras.Input((8,)), layers.Dense(5), layers.Dense(2)])
    features_list = [layer.output for layer in base.layers]
    extraction = keras.Model(inputs=base.input, outputs=features_list)
    found = extraction(X)
    np.testing.assert_allclose(found[1], base(X), rtol=1e-5)
    assert found[0].shape == (96, 5)


class CustomDense(layers.Layer):
    def __init__(self, units: int = 32, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self) -> Any:
        return {**super().get_config(), "units": self.units}


def test_functional_custom_layer_through_a_config() -> None:
    inputs = keras.Input((8,))
    model = keras.Model(inputs, CustomDense(10)(inputs))
    config = model.get_config()
    new = keras.Model.from_config(config, custom_objects={"CustomDense": CustomDense})
    new.set_weights(model.get_weights())
    np.testing.assert_allclose(new(X), model(X), rtol=1e-6)


def test_functional_mixed_with_subclassing() -> None:
    units, timesteps, input_dim = 4, 3, 5
    inputs = keras.Input((None, units))
    x = layers.Lambda(mean_of_words)(inputs)
    classifier = keras.Model(inputs, layers.Dense(1)(x))

    class CustomRNN(layers.Layer):
        def __init__(self, **kwargs: Any):
            super().__init__(**kwargs)
            self.projection_1 = layers.Dense(units=units, activation="tanh")
            self.projection_2 = layers.Dense(units=units, activation="tanh")
            self.classifier = classifier

        def call(self, inputs: Any) -> Any:
            outputs = []
            state = ops.zeros(shape=(inputs.shape[0], units))
            for t in range(inputs.shape[1]):
                x = inputs[:, t, :]
                state = self.projection_1(x) + self.projection_2(state)
                outputs.append(state)
            features = ops.stack(outputs, axis=1)
            return self.classifier(features)

    rnn_model = CustomRNN()
    assert rnn_model(ops.zeros((1, timesteps, input_dim))).shape == (1, 1)
    inputs = keras.Input(batch_shape=(2, timesteps, input_dim))
    model = keras.Model(inputs, rnn_model(layers.Dense(input_dim)(inputs)))
    assert model(ops.zeros((2, timesteps, input_dim))).shape == (2, 1)
    assert len(rnn_model.weights) == 6


# -- the Sequential model --------------------------------------------------------------------


def test_sequential() -> None:
    model = keras.Sequential(
        [
            layers.Dense(2, activation="relu", name="layer1"),
            layers.Dense(3, activation="relu", name="layer2"),
            layers.Dense(4, name="layer3"),
        ]
    )
    y = model(ops.ones((3, 3)))
    layer1, layer2, layer3 = model.layers
    np.testing.assert_allclose(y, layer3(layer2(layer1(ops.ones((3, 3))))), rtol=1e-6)
    model.pop()
    assert len(model.layers) == 2
    named = keras.Sequential(name="my_sequential")
    named.add(layers.Dense(2, activation="relu", name="layer1"))
    named.add(layers.Dense(3, name="layer2"))
    assert named.name == "my_sequential"


def test_sequential_input_shape_in_advance() -> None:
    layer = layers.Dense(3)
    assert layer.weights == []
    layer(ops.ones((1, 4)))
    assert [v.shape for v in layer.weights] == [(4, 3), (3,)]
    model = keras.Sequential([layers.Dense(2, activation="relu"), layers.Dense(3)])
    assert model.weights == []
    model(ops.ones((1, 4)))
    assert len(model.weights) == 4
    model = keras.Sequential()
    model.add(keras.Input(shape=(4,)))
    model.add(layers.Dense(2, activation="relu"))
    model.summary(print_fn=lambda text: None)
    assert len(model.layers) == 1
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)


def test_sequential_feature_extraction() -> None:
    initial_model = keras.Sequential(
        [
            keras.Input(shape=(8,)),
            layers.Dense(7, activation="relu"),
            layers.Dense(6, activation="relu", name="my_intermediate_layer"),
            layers.Dense(5, activation="relu"),
        ]
    )
    extractor = keras.Model(
        inputs=initial_model.inputs, outputs=[layer.output for layer in initial_model.layers]
    )
    assert [feature.shape for feature in extractor(ops.ones((1, 8)))] == [(1, 7), (1, 6), (1, 5)]
    extractor = keras.Model(
        inputs=initial_model.inputs,
        outputs=initial_model.get_layer(name="my_intermediate_layer").output,
    )
    assert extractor(ops.ones((1, 8))).shape == (1, 6)


def test_sequential_transfer(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input(shape=(8,)), layers.Dense(4, activation="relu"), layers.Dense(2)]
    )
    model.save_weights(tmp_path / "base.weights.h5")
    model.load_weights(tmp_path / "base.weights.h5")
    for layer in model.layers[:-1]:
        layer.trainable = False
    before = model.get_weights()
    model.compile("sgd", "mse")
    fit(model, X, X[:, :2])
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]
    base_model = keras.Sequential([keras.Input(shape=(8,)), layers.Dense(4)])
    base_model.trainable = False
    stacked = keras.Sequential([base_model, layers.Dense(3)])
    assert len(stacked.trainable_weights) == 2


# -- new layers and models by subclassing ----------------------------------------------------


class Linear(layers.Layer):
    def __init__(self, units: int = 32, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

    def call(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.w) + self.b

    def get_config(self) -> Any:
        config = super().get_config()
        config.update({"units": self.units})
        return config


def test_subclassing_layers_with_weights() -> None:
    class Early(layers.Layer):
        def __init__(self, units: int = 32, input_dim: int = 32):
            super().__init__()
            self.w = self.add_weight(
                shape=(input_dim, units), initializer="random_normal", trainable=True
            )
            self.b = self.add_weight(shape=(units,), initializer="zeros", trainable=True)

        def call(self, inputs: Any) -> Any:
            return ops.matmul(inputs, self.w) + self.b

    early = Early(4, 2)
    assert early(ops.ones((2, 2))).shape == (2, 4)
    assert early.weights == [early.w, early.b]

    class ComputeSum(layers.Layer):
        def __init__(self, input_dim: int):
            super().__init__()
            self.total = self.add_weight(initializer="zeros", shape=(input_dim,), trainable=False)

        def call(self, inputs: Any) -> Any:
            self.total.assign_add(ops.sum(inputs, axis=0))
            return self.total

    my_sum = ComputeSum(2)
    x = ops.ones((2, 2))
    np.testing.assert_array_equal(my_sum(x).numpy(), [2, 2])
    np.testing.assert_array_equal(my_sum(x).numpy(), [4, 4])
    assert len(my_sum.weights) == len(my_sum.non_trainable_weights) == 1
    assert my_sum.trainable_weights == []


def test_subclassing_layers_of_layers() -> None:
    class MLPBlock(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.linear_1 = Linear(32)
            self.linear_2 = Linear(32)
            self.linear_3 = Linear(1)

        def call(self, inputs: Any) -> Any:
            x = keras.activations.relu(self.linear_1(inputs))
            x = keras.activations.relu(self.linear_2(x))
            return self.linear_3(x)

    mlp = MLPBlock()
    assert mlp.weights == []
    mlp(ops.ones(shape=(3, 8)))
    assert len(mlp.weights) == len(mlp.trainable_weights) == 6
    config = Linear(64, name="linear").get_config()
    assert config["units"] == 64
    assert Linear.from_config(config).units == 64


class ActivityRegularizationLayer(layers.Layer):
    def __init__(self, rate: float = 1e-2):
        super().__init__()
        self.rate = rate

    def call(self, inputs: Any) -> Any:
        self.add_loss(self.rate * ops.mean(inputs))
        return inputs


def test_subclassing_add_loss() -> None:
    class OuterLayer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.activity_reg = ActivityRegularizationLayer(1e-2)

        def call(self, inputs: Any) -> Any:
            return self.activity_reg(inputs)

    layer = OuterLayer()
    assert len(layer.losses) == 0
    layer(ops.zeros((1, 1)))
    assert len(layer.losses) == 1
    layer(ops.zeros((1, 1)))
    assert len(layer.losses) == 1  # those of the last call

    class OuterLayerWithKernelRegularizer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(32, kernel_regularizer=keras.regularizers.l2(1e-3))

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    layer = OuterLayerWithKernelRegularizer()
    layer(ops.zeros((1, 1)))
    expected = 1e-3 * np.sum(np.square(layer.dense.kernel.numpy()))
    np.testing.assert_allclose(layer.losses, [expected], rtol=1e-5)

    inputs = keras.Input(shape=(3,))
    same = layers.Dense(3, kernel_initializer="identity")(inputs)
    model = keras.Model(inputs, ActivityRegularizationLayer()(same))
    x = np.random.default_rng(1).random((4, 3)).astype("float32")
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    loss = fit(model, x, np.zeros((4, 3), "float32")).history["loss"][0]
    np.testing.assert_allclose(loss, np.mean(x**2) + 1e-2 * np.mean(x), rtol=1e-5)
    model.compile(optimizer="adam")  # the added loss is enough
    loss = fit(model, x, np.zeros((4, 3), "float32")).history["loss"][0]
    np.testing.assert_allclose(loss, 1e-2 * np.mean(x), rtol=1e-5)


def test_subclassing_endpoint_layer() -> None:
    class LogisticEndpoint(layers.Layer):
        def __init__(self, name: str | None = None):
            super().__init__(name=name)
            self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
            self.accuracy_metric = keras.metrics.BinaryAccuracy(name="accuracy")

        def call(self, targets: Any, logits: Any, sample_weights: Any = None) -> Any:
            self.add_loss(self.loss_fn(targets, logits, sample_weights))
            self.accuracy_metric.update_state(targets, logits, sample_weights)
            return ops.softmax(logits)

    layer = LogisticEndpoint()
    layer(ops.ones((2, 2)), ops.ones((2, 2)))
    assert layer.metrics == [layer.accuracy_metric]
    np.testing.assert_allclose(layer.losses, [np.log(1 + np.exp(-1))], rtol=1e-5)
    inputs = keras.Input(shape=(3,), name="inputs")
    targets = keras.Input(shape=(10,), name="targets")
    predictions = LogisticEndpoint(name="predictions")(targets, layers.Dense(10)(inputs))
    model = keras.Model(inputs=[inputs, targets], outputs=predictions)
    data = {"inputs": np.ones((6, 3), "float32"), "targets": np.ones((6, 10), "float32")}
    model.compile("adam")
    assert set(model.fit(data, verbose=0).history) >= {"loss", "accuracy"}


def test_subclassing_training_argument() -> None:
    class CustomDropout(layers.Layer):
        def __init__(self, rate: float, **kwargs: Any):
            super().__init__(**kwargs)
            self.rate = rate
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs: Any, training: Any = None) -> Any:
            if training:
                return keras.random.dropout(inputs, rate=self.rate, seed=self.seed_generator)
            return inputs

    layer = CustomDropout(0.5)
    np.testing.assert_array_equal(layer(X), X)
    dropped = np.asarray(layer(X, training=True))
    assert 0.3 < np.mean(dropped == 0) < 0.7


class Sampling(layers.Layer):
    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs: Any) -> Any:
        z_mean, z_log_var = inputs
        epsilon = keras.random.normal(shape=ops.shape(z_mean), seed=self.seed_generator)
        return z_mean + ops.exp(0.5 * z_log_var) * epsilon


def test_subclassing_variational_autoencoder() -> None:
    class Encoder(layers.Layer):
        def __init__(self, latent_dim: int = 2, intermediate_dim: int = 6, name: str = "encoder"):
            super().__init__(name=name)
            self.dense_proj = layers.Dense(intermediate_dim, activation="relu")
            self.dense_mean = layers.Dense(latent_dim)
            self.dense_log_var = layers.Dense(latent_dim)
            self.sampling = Sampling()

        def call(self, inputs: Any) -> Any:
            x = self.dense_proj(inputs)
            z_mean, z_log_var = self.dense_mean(x), self.dense_log_var(x)
            return z_mean, z_log_var, self.sampling((z_mean, z_log_var))

    class VariationalAutoEncoder(keras.Model):
        def __init__(self, original_dim: int, name: str = "autoencoder", **kwargs: Any):
            super().__init__(name=name, **kwargs)
            self.encoder = Encoder()
            self.decoder = keras.Sequential([layers.Dense(6, "relu"), layers.Dense(original_dim)])

        def call(self, inputs: Any) -> Any:
            z_mean, z_log_var, z = self.encoder(inputs)
            reconstructed = self.decoder(z)
            kl_loss = -0.5 * ops.mean(z_log_var - ops.square(z_mean) - ops.exp(z_log_var) + 1)
            self.add_loss(kl_loss)
            return reconstructed

    vae = VariationalAutoEncoder(8)
    vae.compile(keras.optimizers.Adam(learning_rate=1e-3), loss=keras.losses.MeanSquaredError())
    fit(vae, X, X)
    assert len(vae.trainable_weights) == 10
    assert vae.predict(X, verbose=0).shape == (96, 8)

    original_inputs = keras.Input(shape=(8,), name="encoder_input")
    x = layers.Dense(6, activation="relu")(original_inputs)
    z_mean = layers.Dense(2, name="z_mean")(x)
    z_log_var = layers.Dense(2, name="z_log_var")(x)
    z = Sampling()((z_mean, z_log_var))
    encoder = keras.Model(inputs=original_inputs, outputs=z, name="encoder")
    latent_inputs = keras.Input(shape=(2,), name="z_sampling")
    decoder = keras.Model(latent_inputs, layers.Dense(8)(latent_inputs), name="decoder")
    functional = keras.Model(original_inputs, decoder(encoder(original_inputs)), name="vae")
    functional.compile("adam", "mse")
    fit(functional, X, X)


# -- transfer learning and fine-tuning -------------------------------------------------------


def test_transfer_counts_of_weights() -> None:
    dense = layers.Dense(3)
    dense.build((None, 4))
    assert [len(w) for w in (dense.weights, dense.trainable_weights)] == [2, 2]
    normalization = layers.BatchNormalization()
    normalization.build((None, 4))
    counts = ("weights", "trainable_weights", "non_trainable_weights")
    assert [len(getattr(normalization, name)) for name in counts] == [4, 2, 2]
    dense.trainable = False
    assert [len(getattr(dense, name)) for name in counts] == [2, 0, 2]


def test_transfer_freezing_goes_inwards() -> None:
    inner_model = keras.Sequential(
        [keras.Input(shape=(3,)), layers.Dense(3, activation="relu"), layers.Dense(3)]
    )
    model = keras.Sequential([keras.Input(shape=(3,)), inner_model, layers.Dense(3)])
    model.trainable = False
    assert not inner_model.trainable
    assert not inner_model.layers[0].trainable


def test_transfer_workflow() -> None:
    base_model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(6, activation="relu"), layers.BatchNormalization()]
    )
    base_model.trainable = False
    inputs = keras.Input(shape=(8,))
    x = layers.Rescaling(scale=2.0, offset=-1.0)(inputs)
    x = base_model(x, training=False)
    x = layers.Dropout(0.2)(x)
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(
        optimizer=keras.optimizers.Adam(),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy()],
    )
    before = base_model.get_weights()
    fit(model, X, (LABELS > 0).astype("float32"))
    for one, other in zip(before, base_model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    base_model.trainable = True
    model.compile(
        optimizer=keras.optimizers.Adam(1e-5),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    fit(model, X, (LABELS > 0).astype("float32"))
    changed = [
        not np.array_equal(a, b) for a, b in zip(before, base_model.get_weights(), strict=True)
    ]
    # Called with training=False: the statistics of the normalization stay.
    assert changed == [True, True, True, True, False, False]


# -- what happens in fit(), with JAX ---------------------------------------------------------


class CustomModel(keras.Model):
    def compute_loss_and_updates(
        self, trainable_variables: Any, non_trainable_variables: Any, x: Any, y: Any, training: Any
    ) -> Any:
        y_pred, non_trainable_variables = self.stateless_call(
            trainable_variables, non_trainable_variables, x, training=training
        )
        loss = self.compute_loss(x, y, y_pred)
        return loss, (y_pred, non_trainable_variables)

    def train_step(self, state: Any, data: Any) -> Any:
        trainable, non_trainable, optimizer_variables, metrics_variables = state
        x, y = data
        grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), grads = grad_fn(
            trainable, non_trainable, x, y, training=True
        )
        trainable, optimizer_variables = self.optimizer.stateless_apply(
            optimizer_variables, grads, trainable
        )
        new_metrics_vars: list[Any] = []
        logs = {}
        for metric in self.metrics:
            begin = len(new_metrics_vars)
            this_metric_vars = metrics_variables[begin : begin + len(metric.variables)]
            if metric.name == "loss":
                this_metric_vars = metric.stateless_update_state(this_metric_vars, loss)
            else:
                this_metric_vars = metric.stateless_update_state(this_metric_vars, y, y_pred)
            logs[metric.name] = metric.stateless_result(this_metric_vars)
            new_metrics_vars += this_metric_vars
        return logs, (trainable, non_trainable, optimizer_variables, new_metrics_vars)


def custom(cls: Any = CustomModel) -> Any:
    inputs = keras.Input(shape=(8,))
    return cls(inputs, layers.Dense(1, name="out")(inputs))


def test_train_step_by_hand_equals_fit() -> None:
    losses = []
    for cls in (CustomModel, keras.Model):
        keras.utils.set_random_seed(3)
        model = custom(cls)
        model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
        losses.append(fit(model, X, TARGETS, shuffle=False).history)
    assert set(losses[0]) == set(losses[1]) == {"loss", "mae"}
    for name, values in losses[0].items():
        np.testing.assert_allclose(values, losses[1][name], rtol=1e-4)


def test_train_step_with_own_metrics_and_weights() -> None:
    class Lower(keras.Model):
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = keras.losses.MeanSquaredError()

        def compute_loss_and_updates(
            self, trainable: Any, non_trainable: Any, x: Any, y: Any, weight: Any
        ) -> Any:
            y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=True)
            return self.loss_fn(y, y_pred, sample_weight=weight), (y_pred, non_trainable)

        def train_step(self, state: Any, data: Any) -> Any:
            trainable, non_trainable, optimizer_variables, metrics_variables = state
            x, y, weight = data
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable)), grads = grad_fn(trainable, non_trainable, x, y, weight)
            trainable, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, grads, trainable
            )
            loss_vars = metrics_variables[: len(self.loss_tracker.variables)]
            mae_vars = metrics_variables[len(self.loss_tracker.variables) :]
            loss_vars = self.loss_tracker.stateless_update_state(loss_vars, loss)
            mae_vars = self.mae_metric.stateless_update_state(mae_vars, y, y_pred)
            logs = {
                self.loss_tracker.name: self.loss_tracker.stateless_result(loss_vars),
                self.mae_metric.name: self.mae_metric.stateless_result(mae_vars),
            }
            return logs, (trainable, non_trainable, optimizer_variables, loss_vars + mae_vars)

        @property
        def metrics(self) -> Any:
            return [self.loss_tracker, self.mae_metric]

    model = custom(Lower)
    model.compile(optimizer="adam")
    weights = np.linspace(0, 1, 96).astype("float32")
    history = model.fit(X, TARGETS, sample_weight=weights, epochs=3, verbose=0).history
    assert set(history) == {"loss", "mae"}
    assert history["loss"][2] < history["loss"][0]


def test_test_step_by_hand() -> None:
    class Tested(keras.Model):
        def test_step(self, state: Any, data: Any) -> Any:
            x, y = data
            trainable, non_trainable, metrics_variables = state
            y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=False)
            loss = self.compute_loss(x, y, y_pred)
            new_metrics_vars: list[Any] = []
            for metric in self.metrics:
                begin = len(new_metrics_vars)
                these = metrics_variables[begin : begin + len(metric.variables)]
                given = (loss,) if metric.name == "loss" else (y, y_pred)
                these = metric.stateless_update_state(these, *given)
                new_metrics_vars += these
            logs = {"loss": loss}
            return logs, (trainable, non_trainable, new_metrics_vars)

    model = custom(Tested)
    model.compile(loss="mse", metrics=["mae"])
    found = model.evaluate(X, TARGETS, batch_size=96, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], np.mean((model(X) - TARGETS) ** 2), rtol=1e-5)


def test_a_training_loop_by_hand() -> None:
    model = keras.Sequential([keras.Input((8,)), layers.Dense(6, "relu"), layers.Dense(3)])
    loss_fn = keras.losses.CategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(learning_rate=1e-2)
    metric = keras.metrics.CategoricalAccuracy()

    def compute_loss_and_updates(
        trainable: Any, non_trainable: Any, metric_variables: Any, x: Any, y: Any
    ) -> Any:
        y_pred, non_trainable = model.stateless_call(trainable, non_trainable, x)
        loss = loss_fn(y, y_pred)
        metric_variables = metric.stateless_update_state(metric_variables, y, y_pred)
        return loss, (non_trainable, metric_variables)

    grad_fn = jax.value_and_grad(compute_loss_and_updates, has_aux=True)

    @jax.jit
    def train_step(state: Any, data: Any) -> Any:
        trainable, non_trainable, optimizer_variables, metric_variables = state
        (loss, (non_trainable, metric_variables)), grads = grad_fn(
            trainable, non_trainable, metric_variables, *data
        )
        trainable, optimizer_variables = optimizer.stateless_apply(
            optimizer_variables, grads, trainable
        )
        return loss, (trainable, non_trainable, optimizer_variables, metric_variables)

    optimizer.build(model.trainable_variables)
    state = tuple(
        [v.value for v in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables,
            metric.variables,
        )
    )
    y = keras.utils.to_categorical(LABELS, 3)
    losses = []
    for _ in range(20):
        loss, state = train_step(state, (X, y))
        losses.append(float(loss))
    assert losses[-1] < losses[0]
    for variables, values in ((model.trainable_variables, state[0]), (metric.variables, state[3])):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    assert 0 < float(metric.result()) <= 1
    np.testing.assert_allclose(loss_fn(y, model(X)), losses[-1], atol=0.05)


# -- preprocessing layers --------------------------------------------------------------------


def test_preprocessing_normalization_and_lookup() -> None:
    data = np.array([[0.1, 0.2, 0.3], [0.8, 0.9, 1.0], [1.5, 1.6, 1.7]])
    layer = layers.Normalization()
    layer.adapt(data)
    normalized = np.asarray(layer(data))
    np.testing.assert_allclose(normalized.mean(), 0, atol=1e-6)
    np.testing.assert_allclose(normalized.std(), 1, rtol=1e-5)
    lookup = layers.StringLookup(vocabulary=["a", "b", "c", "d"])
    assert np.asarray(lookup([["a", "c", "d"], ["d", "z", "b"]])).tolist() == [[1, 3, 4], [4, 0, 2]]


def test_preprocessing_one_hot_strings_and_integers() -> None:
    words = np.array(["a", "b", "c", "b", "c", "a"])
    lookup = layers.StringLookup(output_mode="one_hot")
    lookup.adapt(words)
    encoded = np.asarray(lookup(np.array(["a", "b", "c", "d", "e", ""])))
    assert encoded.shape == (6, 4)
    assert encoded[3].tolist() == encoded[4].tolist() == [1, 0, 0, 0]
    numbers = np.array([10, 20, 20, 10, 30, 0])
    lookup = layers.IntegerLookup(output_mode="one_hot")
    lookup.adapt(numbers)
    assert np.asarray(lookup(np.array([10, 10, 20, 50, 60, 0]))).shape == (6, 5)
    hasher = layers.Hashing(num_bins=64, salt=1337)
    encoder = layers.CategoryEncoding(num_tokens=64, output_mode="multi_hot")
    hashed = encoder(hasher(rng.integers(0, 100000, size=(100, 1))))
    assert hashed.shape == (100, 64)


def test_preprocessing_inside_and_outside_the_model() -> None:
    words = rng.choice(["red", "green", "blue"], size=(96, 1))
    lookup = layers.StringLookup(vocabulary=["red", "green", "blue"], output_mode="one_hot")
    encoded = np.asarray(lookup(words))
    inputs = keras.Input(shape=(4,))
    training_model = keras.Model(inputs, layers.Dense(1)(inputs))
    training_model.compile("adam", "mse")
    fit(training_model, encoded, TARGETS)
    text = keras.Input(shape=(1,), dtype="string")
    inference_model = keras.Model(text, training_model(lookup(text)))
    np.testing.assert_allclose(
        inference_model.predict(words, verbose=0),
        training_model.predict(encoded, verbose=0),
        rtol=1e-5,
    )


def test_preprocessing_structured_data() -> None:
    frame = {
        "age": rng.integers(20, 80, 96).astype("float32"),
        "thal": rng.choice(["fixed", "normal", "reversible"], 96),
    }
    age, thal = keras.Input((1,), name="age"), keras.Input((1,), name="thal", dtype="string")
    normalizer = layers.Normalization()
    normalizer.adapt(frame["age"][:, None])
    lookup = layers.StringLookup(output_mode="multi_hot")
    lookup.adapt(frame["thal"])
    features = layers.concatenate([normalizer(age), lookup(thal)])
    model = keras.Model({"age": age, "thal": thal}, layers.Dense(1, "sigmoid")(features))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    assert "accuracy" in fit(model, frame, (LABELS > 0).astype("float32")).history
    assert model.predict({name: value[:1] for name, value in frame.items()}, verbose=0).shape == (
        1,
        1,
    )
