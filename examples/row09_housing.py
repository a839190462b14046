"""Row 9: a regression MLP with the Sequential API, on California housing."""

from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

train, valid, test = rb.datasets.california_housing.load_split()
(X_train, y_train), (X_test, y_test) = train, test
print("Rows to train, validate, test:", len(X_train), len(valid[0]), len(X_test))

rb.utils.set_random_seed(42)
normalization = rb.layers.Normalization()
model = rb.Sequential(
    [
        rb.Input(shape=X_train.shape[1:]),
        normalization,
        rb.layers.Dense(50, activation="relu"),
        rb.layers.Dense(50, activation="relu"),
        rb.layers.Dense(50, activation="relu"),
        rb.layers.Dense(1),
    ]
)
optimizer = rb.optimizers.Adam(learning_rate=1e-3)
model.compile(loss="mse", optimizer=optimizer, metrics=[rb.metrics.RootMeanSquaredError()])
# Means and variances of the features, learnt from the training set before training starts. They
# are the model's non-trainable parameters.
normalization.adapt(X_train)
model.summary()

history = model.fit(X_train, y_train, epochs=epochs(20), validation_data=valid, verbose=2)
mse, rmse = model.evaluate(X_test, y_test, verbose=0)
print(f"Test RMSE: {rmse:.4f} (the chapter: 0.533)")
for prediction, value in zip(model.predict(X_test[:3], verbose=0), y_test[:3], strict=True):
    print(f"Predicted {prediction[0]:.2f}, actual {value:.2f} (in units of 100,000 dollars)")

# The validation curve jumps: a few places with hundreds of people per household (prisons, camps)
# lie far outside everything the network has seen, and their squared errors outweigh the rest.
X_valid, y_valid = valid
usual = X_valid[:, 5] < 100  # AveOccup
for name, rows in [("all", usual | ~usual), (f"all but {(~usual).sum()}", usual)]:
    rmse = model.evaluate(X_valid[rows], y_valid[rows], verbose=0)[1]
    print(f"Validation RMSE of {name} rows: {rmse:.4f}")
axes = plots.learning_curves(history, names=["root_mean_squared_error"])
print("Saved", plots.save_figure(axes, output("row09_learning_curves.png")))
