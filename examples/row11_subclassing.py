"""Row 11: the same Wide & Deep model as a class, for what a fixed graph cannot express."""

from tempfile import TemporaryDirectory

import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

(X_train, y_train), (X_valid, y_valid), (X_test, y_test) = (
    rb.datasets.california_housing.load_split()
)


class WideAndDeepModel(rb.Model):
    """Two inputs, two outputs; `depth` hidden layers, chosen by ordinary Python."""

    def __init__(self, units=30, activation="relu", depth=2, **kwargs):
        super().__init__(**kwargs)
        self.norm_layer_wide = rb.layers.Normalization()
        self.norm_layer_deep = rb.layers.Normalization()
        self.hidden = [rb.layers.Dense(units, activation=activation) for _ in range(depth)]
        self.main_output = rb.layers.Dense(1)
        self.aux_output = rb.layers.Dense(1)

    def call(self, inputs):
        """A loop over layers is a loop: any Python control flow may be used here."""
        input_wide, input_deep = inputs
        deep = self.norm_layer_deep(input_deep)
        for layer in self.hidden:
            deep = layer(deep)
        concat = rb.layers.concatenate([self.norm_layer_wide(input_wide), deep])
        return self.main_output(concat), self.aux_output(deep)


def wide_deep(X):
    """The two inputs: features 0 to 4 for the wide path, 2 to 7 for the deep one."""
    return X[:, :5], X[:, 2:]


rb.utils.set_random_seed(42)
model = WideAndDeepModel(30, activation="relu", name="my_cool_model")
model.compile(
    loss=["mse", "mse"],
    loss_weights=[0.9, 0.1],
    optimizer=rb.optimizers.Adam(learning_rate=1e-3),
    metrics=[["RootMeanSquaredError"], ["RootMeanSquaredError"]],
)
model.norm_layer_wide.adapt(X_train[:, :5])
model.norm_layer_deep.adapt(X_train[:, 2:])

print("Name:", model.name)
print("Before it is called a class has no structure to show: built is", model.built)
history = model.fit(
    wide_deep(X_train),
    (y_train, y_train),
    epochs=epochs(20),
    validation_data=(wide_deep(X_valid), (y_valid, y_valid)),
    verbose=0,
)
print("Once it has seen data it is built; its parameters:", model.count_params())
model.summary()

results = model.evaluate(wide_deep(X_test), (y_test, y_test), verbose=0)
print("Loss, loss of each output, RMSE of each output:", [round(r, 4) for r in results])
y_pred_main, y_pred_aux = model.predict(wide_deep(X_test[:3]), verbose=0)
print("Main predictions:     ", y_pred_main.ravel().round(2))
print("Auxiliary predictions:", y_pred_aux.ravel().round(2))

print("Exported, it no longer needs its class:")
with TemporaryDirectory(prefix="rosenblatt-row11-") as folder:
    model.export(f"{folder}/my_keras_model")
    served = rb.layers.TFSMLayer(f"{folder}/my_keras_model")
    y_pred_main_served, y_pred_aux_served = served(wide_deep(X_test[:3].astype("float32")))
for name, one, other in (
    ("main", y_pred_main_served, y_pred_main),
    ("auxiliary", y_pred_aux_served, y_pred_aux),
):
    print(f"   {name}: largest difference {np.abs(one - other).max():.1e}")

print("A clone is made from the arguments of the class:", rb.models.clone_model(model).hidden)
print("What only a fixed graph offers:")
try:
    print(model.input)
except AttributeError as error:
    print("  ", error)
try:
    rb.models.clone_model(model, clone_function=lambda layer: layer)
except ValueError as error:
    print("  ", error)
axes = plots.learning_curves(history, names=["loss"])
print("Saved", plots.save_figure(axes, output("row11_learning_curves.png")))
