"""Row 10: networks that are not a stack: Wide & Deep with the functional API."""

from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

(X_train, y_train), (X_valid, y_valid), (X_test, y_test) = (
    rb.datasets.california_housing.load_split()
)
EPOCHS = epochs(20)


def wide_deep(X):
    """The two inputs: features 0 to 4 for the wide path, 2 to 7 for the deep one."""
    return X[:, :5], X[:, 2:]


print("1. One input, two paths")
rb.utils.set_random_seed(42)
normalization_layer = rb.layers.Normalization()
hidden_layer1 = rb.layers.Dense(30, activation="relu")
hidden_layer2 = rb.layers.Dense(30, activation="relu")
concat_layer = rb.layers.Concatenate()
output_layer = rb.layers.Dense(1)

input_ = rb.Input(shape=X_train.shape[1:])
normalized = normalization_layer(input_)
hidden1 = hidden_layer1(normalized)
hidden2 = hidden_layer2(hidden1)
concat = concat_layer([normalized, hidden2])
model = rb.Model(inputs=[input_], outputs=[output_layer(concat)])
model.summary()
model.compile(
    loss="mse",
    optimizer=rb.optimizers.Adam(learning_rate=1e-3),
    metrics=[rb.metrics.RootMeanSquaredError()],
)
normalization_layer.adapt(X_train)
model.fit(X_train, y_train, epochs=EPOCHS, validation_data=(X_valid, y_valid), verbose=0)
print(f"   Test RMSE: {model.evaluate(X_test, y_test, verbose=0)[1]:.4f}")


def two_input_body():
    """Normalized inputs, the deep path, and both paths joined."""
    input_wide = rb.Input(shape=[5], name="input_wide")
    input_deep = rb.Input(shape=[6], name="input_deep")
    norm_layer_wide = rb.layers.Normalization()
    norm_layer_deep = rb.layers.Normalization()
    norm_wide = norm_layer_wide(input_wide)
    norm_deep = norm_layer_deep(input_deep)
    hidden1 = rb.layers.Dense(30, activation="relu")(norm_deep)
    hidden2 = rb.layers.Dense(30, activation="relu")(hidden1)
    norm_layer_wide.adapt(X_train[:, :5])
    norm_layer_deep.adapt(X_train[:, 2:])
    return [input_wide, input_deep], hidden2, rb.layers.concatenate([norm_wide, hidden2])


print("2. Two inputs: data as a tuple, or as a dict by the inputs' names")
rb.utils.set_random_seed(42)
inputs, _, concat = two_input_body()
model = rb.Model(inputs=inputs, outputs=[rb.layers.Dense(1)(concat)])
model.compile(
    loss="mse",
    optimizer=rb.optimizers.Adam(learning_rate=1e-3),
    metrics=[rb.metrics.RootMeanSquaredError()],
)
valid = (wide_deep(X_valid), y_valid)
model.fit(wide_deep(X_train), y_train, epochs=EPOCHS, validation_data=valid, verbose=0)
as_tuple = model.evaluate(wide_deep(X_test), y_test, verbose=0)
X_test_wide, X_test_deep = wide_deep(X_test)
as_dict = model.evaluate({"input_wide": X_test_wide, "input_deep": X_test_deep}, y_test, verbose=0)
print(f"   Test RMSE: {as_tuple[1]:.4f} (the chapter: 0.57); from a dict: {as_dict[1]:.4f}")

print("3. Two outputs: an auxiliary one on the deep path keeps it useful by itself")
rb.utils.set_random_seed(42)
inputs, deep, concat = two_input_body()
main_output = rb.layers.Dense(1, name="output")(concat)
aux_output = rb.layers.Dense(1, name="aux_output")(deep)
model = rb.Model(inputs=inputs, outputs=[main_output, aux_output])
model.compile(
    loss=("mse", "mse"),
    loss_weights=(0.9, 0.1),
    optimizer=rb.optimizers.Adam(learning_rate=1e-3),
    metrics=[[rb.metrics.RootMeanSquaredError()], [rb.metrics.RootMeanSquaredError()]],
)
history = model.fit(
    wide_deep(X_train),
    (y_train, y_train),
    epochs=EPOCHS,
    validation_data=(wide_deep(X_valid), (y_valid, y_valid)),
    verbose=0,
)
print("   Outputs:", model.output_names)
figures = model.evaluate(wide_deep(X_test), (y_test, y_test), return_dict=True, verbose=0)
for name in sorted(figures):
    print(f"   {name}: {figures[name]:.4f}")
y_pred_main, y_pred_aux = model.predict(wide_deep(X_test[:3]), verbose=0)
print("   Main predictions:     ", y_pred_main.ravel().round(2))
print("   Auxiliary predictions:", y_pred_aux.ravel().round(2))
axes = plots.learning_curves(history, names=["loss"])
print("Saved", plots.save_figure(axes, output("row10_learning_curves.png")))
