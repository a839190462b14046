"""What Keras Tuner's guides show of dense models, with the import changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rosenblatt as keras
from rosenblatt import tuner as keras_tuner

RNG = np.random.default_rng(0)
X = RNG.random((90, 28, 28)).astype("float32")
Y = RNG.integers(0, 10, 90)
TRAIN, VALID = (X[:60], Y[:60]), (X[60:], Y[60:])
layers = keras.layers


def call_existing_code(units: int, activation: str, dropout: bool, lr: float) -> Any:
    """A model of given sizes."""
    model = keras.Sequential()
    model.add(layers.Flatten())
    model.add(layers.Dense(units=units, activation=activation))
    if dropout:
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=lr),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def build_model(hp: Any) -> Any:
    """Hyperparameters asked for one by one, and handed to code that knows nothing of them."""
    units = hp.Int("units", min_value=32, max_value=512, step=32)
    activation = hp.Choice("activation", ["relu", "tanh"])
    dropout = hp.Boolean("dropout")
    lr = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    return call_existing_code(units, activation, dropout, lr)


def deep(hp: Any) -> Any:
    """As many layers as a hyperparameter says, each with a width of its own."""
    model = keras.Sequential([layers.Flatten()])
    for i in range(hp.Int("num_layers", 1, 3)):
        units = hp.Int(f"units_{i}", min_value=32, max_value=512, step=32)
        model.add(layers.Dense(units=units, activation=hp.Choice("activation", ["relu", "tanh"])))
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(keras.optimizers.Adam(learning_rate=rate), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])  # fmt: skip
    return model


def test_build_search_query_and_retrain(tmp_path: Path, capsys: Any) -> None:
    build_model(keras_tuner.HyperParameters())
    tuner = keras_tuner.RandomSearch(
        hypermodel=build_model,
        objective="val_accuracy",
        max_trials=3,
        executions_per_trial=2,
        overwrite=True,
        directory=tmp_path,
        project_name="helloworld",
    )
    tuner.search_space_summary()
    tuner.search(*TRAIN, epochs=2, validation_data=VALID, verbose=0)
    models = tuner.get_best_models(num_models=2)
    best_model = models[0]
    best_model.summary()
    tuner.results_summary()
    shown = capsys.readouterr().out
    assert "units (Int)" in shown and "'max_value': 512" in shown and "Results summary" in shown
    best_hps = tuner.get_best_hyperparameters(5)
    assert len(best_hps) == 3
    model = build_model(best_hps[0])
    history = model.fit(x=np.concatenate([TRAIN[0], VALID[0]]),
                        y=np.concatenate([TRAIN[1], VALID[1]]), epochs=1, verbose=0)  # fmt: skip
    assert len(history.history["loss"]) == 1
    assert best_model.predict(X[:3], verbose=0).shape == (3, 10)


def test_tune_training_itself(tmp_path: Path) -> None:
    class MyHyperModel(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return deep(hp)

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, shuffle=hp.Boolean("shuffle"), **kwargs)

    tuner = keras_tuner.RandomSearch(
        MyHyperModel(), objective="val_accuracy", max_trials=3, overwrite=True, seed=2,
        directory=tmp_path, project_name="tune_hypermodel",
    )  # fmt: skip
    tuner.search(*TRAIN, epochs=1, validation_data=VALID, verbose=0)
    hypermodel = MyHyperModel()
    best_hp = tuner.get_best_hyperparameters()[0]
    assert "shuffle" in best_hp.values and "units_0" in best_hp
    model = hypermodel.build(best_hp)
    assert hypermodel.fit(best_hp, model, *TRAIN, epochs=1, verbose=0).history["loss"]


def regressor(hp: Any) -> Any:
    """A regressor."""
    inputs = keras.Input(shape=(10,))
    hidden = layers.Dense(hp.Int("units", 16, 128, step=16), activation="relu")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(hidden))
    model.compile(optimizer="adam", loss="mean_squared_error", metrics=["mean_absolute_error"])
    return model


RX, RY = RNG.random((80, 10)).astype("float32"), RNG.random((80, 1)).astype("float32")


@pytest.mark.parametrize(
    ("objective", "returned"),
    [
        ("val_mean_absolute_error", "history"),
        (keras_tuner.Objective("val_mae_of_mine", "min"), "dict"),
        (None, "number"),
    ],
)
def test_objectives(objective: Any, returned: str, tmp_path: Path) -> None:
    class HyperRegressor(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return regressor(hp)

        def fit(self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any, **kw: Any) -> Any:
            history = model.fit(x, y, validation_data=validation_data, **kw)
            x_val, y_val = validation_data
            error = float(np.mean(np.abs(model.predict(x_val, verbose=0) - y_val)))
            return {"history": history, "dict": {"val_mae_of_mine": error}, "number": error}[
                returned
            ]

    tuner = keras_tuner.RandomSearch(
        HyperRegressor(), objective=objective, max_trials=3, overwrite=True, directory=tmp_path,
        project_name="custom_eval",
    )  # fmt: skip
    tuner.search(RX[:60], RY[:60], epochs=2, validation_data=(RX[60:], RY[60:]), verbose=0)
    best = tuner.oracle.get_best_trials(3)
    assert 0 < best[0].score <= best[2].score < 2


def test_several_metrics_as_objectives_and_a_tuner_of_ones_own(tmp_path: Path) -> None:
    class MyTuner(keras_tuner.RandomSearch):
        def run_trial(self, trial: Any, x: Any, y: Any, **kwargs: Any) -> Any:
            hp = trial.hyperparameters
            model = self.hypermodel.build(hp)
            x = x[: hp.Int("rows", 20, 60, step=20)]
            y = y[: hp.get("rows")]
            model.fit(x, y, verbose=0)
            self.save_model(trial.trial_id, model)
            values = model.evaluate(RX[60:], RY[60:], return_dict=True, verbose=0)
            return {"metric_a": -values["loss"], "metric_b": values["mean_absolute_error"]}

    tuner = MyTuner(
        regressor,
        objective=[
            keras_tuner.Objective("metric_a", "max"),
            keras_tuner.Objective("metric_b", "min"),
        ],
        max_trials=3, overwrite=True, directory=tmp_path, project_name="custom_training",
    )  # fmt: skip
    tuner.search(RX[:60], RY[:60])
    best = tuner.oracle.get_best_trials(1)[0]
    metrics = best.metrics
    wanted = metrics.get_last_value("metric_b") - metrics.get_last_value("metric_a")
    assert best.score == pytest.approx(wanted)
    loaded = tuner.get_best_models()[0]
    found = loaded.evaluate(RX[60:], RY[60:], return_dict=True, verbose=0)
    assert found["mean_absolute_error"] == pytest.approx(metrics.get_last_value("metric_b"), 1e-5)


def test_a_training_loop_of_ones_own(tmp_path: Path) -> None:
    class MyHyperModel(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            return regressor(hp)

        def fit(self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any,
                callbacks: Any = None, **kwargs: Any) -> float:  # fmt: skip
            batch_size = hp.Int("batch_size", 16, 64, step=16)
            for callback in callbacks:
                callback.set_model(model)
            best = float("inf")
            for epoch in range(2):
                for start in range(0, len(x), batch_size):
                    model.train_on_batch(
                        x[start : start + batch_size], y[start : start + batch_size]
                    )
                loss = model.evaluate(*validation_data, verbose=0)[0]
                for callback in callbacks:
                    callback.on_epoch_end(epoch, logs={"my_metric": loss})
                best = min(best, loss)
            return best

    tuner = keras_tuner.RandomSearch(
        hypermodel=MyHyperModel(), objective=keras_tuner.Objective("my_metric", "min"),
        max_trials=2, overwrite=True, directory=tmp_path, project_name="custom_loop",
    )  # fmt: skip
    tuner.search(x=RX[:60], y=RY[:60], validation_data=(RX[60:], RY[60:]))
    best = tuner.oracle.get_best_trials()[0]
    assert best.score == min(best.history["my_metric"])
    assert "batch_size" in best.hyperparameters.values
    assert tuner.get_best_models()[0].evaluate(RX[60:], RY[60:], verbose=0)[0] == pytest.approx(
        best.score, 1e-5
    )


def test_tailor_the_space(tmp_path: Path, capsys: Any) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("lr", min_value=1e-5, max_value=1e-3, sampling="log")
    tuner = keras_tuner.RandomSearch(
        hypermodel=build_model, hyperparameters=hp, tune_new_entries=False,
        objective="val_accuracy", max_trials=3, overwrite=True, directory=tmp_path,
        project_name="search_a_few",
    )  # fmt: skip
    tuner.search(*TRAIN, epochs=1, validation_data=VALID, verbose=0)
    tuner.search_space_summary()
    assert "Default search space size: 1" in capsys.readouterr().out
    for trial in tuner.oracle.trials.values():
        assert 1e-5 <= trial.hyperparameters["lr"] <= 1e-3
        assert trial.hyperparameters.get("units") == 32  # its default

    hp = keras_tuner.HyperParameters()
    hp.Fixed("lr", value=1e-3)
    tuner = keras_tuner.RandomSearch(
        hypermodel=build_model, hyperparameters=hp, tune_new_entries=True,
        objective="val_accuracy", max_trials=3, overwrite=True, directory=tmp_path,
        project_name="fix_a_few",
    )  # fmt: skip
    tuner.search(*TRAIN, epochs=1, validation_data=VALID, verbose=0)
    trials = tuner.oracle.trials.values()
    assert {trial.hyperparameters["lr"] for trial in trials} == {1e-3}
    assert len({trial.hyperparameters["units"] for trial in trials}) > 1

    tuner = keras_tuner.RandomSearch(
        hypermodel=build_model, objective="val_loss", metrics=["sparse_categorical_crossentropy"],
        optimizer=keras.optimizers.SGD(0.01), max_trials=2, overwrite=True,
        loss="sparse_categorical_crossentropy", directory=tmp_path, project_name="recompiled",
    )  # fmt: skip
    tuner.search(*TRAIN, epochs=1, validation_data=VALID, verbose=0)
    history = tuner.oracle.get_best_trials()[0].history
    assert set(history) == {
        "loss", "sparse_categorical_crossentropy", "val_loss", "val_sparse_categorical_crossentropy"
    }  # fmt: skip
    assert type(tuner.get_best_models()[0].optimizer).__name__ == "SGD"


def test_failed_trials(tmp_path: Path, capsys: Any) -> None:
    def build(hp: Any) -> Any:
        if hp.Boolean("too_large", default=False):
            raise keras_tuner.errors.FailedTrialError("The model is too large.")
        return regressor(hp)

    tuner = keras_tuner.GridSearch(
        hypermodel=build, objective="val_loss", overwrite=True, max_retries_per_trial=3,
        max_consecutive_failed_trials=9, directory=tmp_path, max_trials=12,
    )  # fmt: skip
    tuner.search(RX[:60], RY[:60], epochs=1, validation_data=(RX[60:], RY[60:]), verbose=0)
    tuner.results_summary()
    assert "The model is too large." in capsys.readouterr().out
    failed = [t for t in tuner.oracle.trials.values() if t.status == "FAILED"]
    assert failed and all(t.hyperparameters["too_large"] for t in failed)


def test_conditional_scopes(tmp_path: Path) -> None:
    def build(hp: Any) -> Any:
        model = keras.Sequential([keras.Input(shape=(10,))])
        kind = hp.Choice("model_type", ["mlp", "linear"])
        with hp.conditional_scope("model_type", ["mlp"]):
            if kind == "mlp":
                model.add(layers.Dense(hp.Int("units", 8, 32, step=8), activation="relu"))
        model.add(layers.Dense(1))
        model.compile("adam", "mse")
        return model

    tuner = keras_tuner.BayesianOptimization(
        build, "val_loss", max_trials=8, seed=3, directory=tmp_path, overwrite=True
    )
    tuner.search(RX[:60], RY[:60], epochs=1, validation_data=(RX[60:], RY[60:]), verbose=0)
    values = [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]
    kinds = [one["model_type"] for one in values]
    assert kinds.count("linear") == 1  # there is only one such network
    assert all("units" in one for one in values if one["model_type"] == "mlp")


def test_visualize_in_tensorboard(tmp_path: Path) -> None:
    tuner = keras_tuner.RandomSearch(
        build_model, objective="val_accuracy", max_trials=2, overwrite=True, directory=tmp_path
    )
    logs = tmp_path / "tb_logs"
    tuner.search(*TRAIN, epochs=2, validation_data=VALID, verbose=0,
                 callbacks=[keras.callbacks.TensorBoard(str(logs))])  # fmt: skip
    found = {path.parent for path in logs.rglob("events.out.tfevents*")}
    assert len(found) >= 4  # train and validation of each trial
    for trial_id in ("0", "1"):
        assert any(trial_id in path.parts for path in found)
