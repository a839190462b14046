"""Row 15: search for hyperparameters: at random, by Hyperband, by Bayesian optimization."""

import tempfile

from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt import tuner as kt

(X_train_full, y_train_full), _ = rb.datasets.fashion_mnist.load_data()
X_train, y_train = X_train_full[:4_000] / 255.0, y_train_full[:4_000]
X_valid, y_valid = X_train_full[-2_000:] / 255.0, y_train_full[-2_000:]
EPOCHS = epochs(10)
FOLDER = tempfile.mkdtemp()


def build_model(hp):
    """A classifier of images whose depth, width, rate and optimizer are searched."""
    n_hidden = hp.Int("n_hidden", min_value=0, max_value=3, default=2)
    n_neurons = hp.Int("n_neurons", min_value=16, max_value=256, step=16)
    learning_rate = hp.Float("learning_rate", min_value=1e-4, max_value=1e-2, sampling="log")
    optimizer = hp.Choice("optimizer", values=["sgd", "adam"])
    kinds = {"sgd": rb.optimizers.SGD, "adam": rb.optimizers.Adam}

    model = rb.Sequential([rb.Input((28, 28)), rb.layers.Flatten()])
    for _ in range(n_hidden):
        model.add(rb.layers.Dense(n_neurons, activation="relu"))
    model.add(rb.layers.Dense(10, activation="softmax"))
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=kinds[optimizer](learning_rate=learning_rate),
        metrics=["accuracy"],
    )
    return model


print("1. Random search")
random_search_tuner = kt.RandomSearch(
    build_model, objective="val_accuracy", max_trials=5, seed=42,
    directory=FOLDER, project_name="random", overwrite=True,
)  # fmt: skip
random_search_tuner.search(
    X_train, y_train, epochs=EPOCHS, validation_data=(X_valid, y_valid), verbose=0
)
best = random_search_tuner.oracle.get_best_trials(num_trials=1)[0]
best.summary()
print(f"   Best validation accuracy at random: {best.score:.4f}")
print(f"   The last one of that trial: {best.metrics.get_last_value('val_accuracy'):.4f}")
model = random_search_tuner.get_best_models(num_models=1)[0]
print(f"   The model, loaded: {model.evaluate(X_valid, y_valid, verbose=0)[1]:.4f}")


class MyClassificationHyperModel(kt.HyperModel):
    """Searches whether to standardize the inputs too."""

    def build(self, hp):
        return build_model(hp)

    def fit(self, hp, model, X, y, validation_data, **kwargs):
        X_val, y_val = validation_data
        if hp.Boolean("normalize"):
            norm_layer = rb.layers.Normalization()
            norm_layer.adapt(X)
            X, X_val = norm_layer(X), norm_layer(X_val)
        return model.fit(X, y, validation_data=(X_val, y_val), **kwargs)


print("2. Hyperband")
hyperband_tuner = kt.Hyperband(
    MyClassificationHyperModel(), objective="val_accuracy", seed=42,
    max_epochs=epochs(3), factor=3, hyperband_iterations=1,
    directory=FOLDER, project_name="hyperband", overwrite=True,
)  # fmt: skip
hyperband_tuner.search(X_train, y_train, validation_data=(X_valid, y_valid), verbose=0)
print(f"   Trials: {len(hyperband_tuner.oracle.trials)}")
print(f"   Best by Hyperband: {hyperband_tuner.oracle.get_best_trials()[0].score:.4f}")

print("3. Bayesian optimization, in the same folder twice: the second search resumes the first")
for trials in (3, 4):
    bayesian_opt_tuner = kt.BayesianOptimization(
        MyClassificationHyperModel(), objective="val_accuracy", seed=42,
        max_trials=trials, num_initial_points=2, alpha=1e-4, beta=2.6,
        directory=FOLDER, project_name="bayesian_opt",
    )  # fmt: skip
    bayesian_opt_tuner.search(
        X_train, y_train, epochs=EPOCHS, validation_data=(X_valid, y_valid), verbose=0
    )
    best = bayesian_opt_tuner.oracle.get_best_trials()[0]
    print(f"   {len(bayesian_opt_tuner.oracle.trials)} trials, the best: {best.score:.4f}")


print("4. Two objectives at once, and every trial in a table")
both_tuner = kt.RandomSearch(
    build_model, objective=["val_accuracy", "val_loss"], max_trials=3, seed=42,
    directory=FOLDER, project_name="both",
)  # fmt: skip
both_tuner.search(X_train, y_train, epochs=2, validation_data=(X_valid, y_valid), verbose=0)
print(both_tuner.results().select("trial_id", "score", "val_accuracy", "val_loss", "hp/n_neurons"))

curves = plots.learning_curves(best.history, names=["accuracy"])
print("Saved", plots.save_figure(curves, output("row15_best_trial.png")))
for kind in ("objective", "parallel", "importance"):
    picture = bayesian_opt_tuner.plot(kind).figure
    print("Saved", plots.save_figure(picture, output(f"row15_{kind}.png")))
