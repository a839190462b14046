"""`fit`, `evaluate` and `predict`: Keras's arguments and what they mean."""

import os
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import rosenblatt as rb


def _model(features=3, loss="mse", optimizer="sgd", **options):
    model = rb.Sequential([rb.Input((features,)), rb.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(loss=loss, optimizer=optimizer, **options)
    return model


RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3)).astype("float32")
Y = (X @ [1.0, -2.0, 3.0]).astype("float32")


def test_history_and_epochs():
    model = _model(metrics=["mae"])
    history = model.fit(X, Y, epochs=5, initial_epoch=2, validation_split=0.25, verbose=0)
    assert history.epoch == [2, 3, 4]
    assert list(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert history.params["epochs"] == 5
    assert history.params["steps"] == 3
    assert all(isinstance(v, float) for values in history.history.values() for v in values)


def test_validation_split_takes_the_last_rows():
    model = _model(optimizer=rb.optimizers.SGD(0.0))
    history = model.fit(X, Y, validation_split=0.2, verbose=0).history
    np.testing.assert_allclose(history["val_loss"][0], np.mean(Y[80:] ** 2), rtol=1e-5)
    np.testing.assert_allclose(history["loss"][0], np.mean(Y[:80] ** 2), rtol=1e-5)


def test_validation_freq():
    history = _model().fit(X, Y, epochs=4, validation_data=(X, Y), validation_freq=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert len(history.history["loss"]) == 4


def test_steps_per_epoch_goes_on_where_it_stopped():
    model = _model(optimizer=rb.optimizers.SGD(0.0))
    with pytest.warns(UserWarning, match="epochs go on around the end"):
        history = model.fit(
            X, Y, batch_size=10, epochs=5, steps_per_epoch=4, shuffle=False, verbose=0
        ).history["loss"]
    order = np.arange(200).reshape(5, 40) % 100
    np.testing.assert_allclose(history, [np.mean(Y[rows] ** 2) for rows in order], rtol=1e-5)


def test_same_seed_same_run():
    runs = []
    for _ in range(2):
        rb.backend.clear_session()
        rb.utils.set_random_seed(42)
        model = rb.Sequential(
            [rb.layers.Dense(4, "relu"), rb.layers.Dropout(0.3), rb.layers.Dense(1)]
        )
        model.compile(loss="mse", optimizer="adam")
        runs.append((model.fit(X, Y, epochs=2, verbose=0).history, model.get_weights()))
    assert runs[0][0] == runs[1][0]
    for a, b in zip(runs[0][1], runs[1][1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_fit_again_goes_on():
    whole, parts = _model(optimizer="adam"), _model(optimizer="adam")
    whole.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    parts.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    parts.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def _generator(batch_size=10):
    while True:
        for start in range(0, 100, batch_size):
            yield X[start : start + batch_size], Y[start : start + batch_size]


class _Dataset(rb.utils.PyDataset):
    def __len__(self):
        return 10

    def __getitem__(self, index):
        rows = slice(index * 10, index * 10 + 10)
        return X[rows], Y[rows]


def _frames():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(X, columns=["a", "b", "c"]), pandas.Series(Y)


def _polars():
    polars = pytest.importorskip("polars")
    return polars.DataFrame(X, schema=["a", "b", "c"]), polars.Series(Y)


def _loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return (torch.utils.data.DataLoader(data, batch_size=10),)


def _jax():
    import jax.numpy as jnp

    return jnp.asarray(X), jnp.asarray(Y)


SOURCES = {
    "lists": lambda: (X.tolist(), Y.tolist()),
    "jax": _jax,
    "pandas": _frames,
    "polars": _polars,
    "PyDataset": lambda: (_Dataset(),),
    "DataLoader": _loader,
    "iterable": lambda: ([(X[i : i + 10], Y[i : i + 10]) for i in range(0, 100, 10)].__iter__(),),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_data_trains_alike(kind):
    expected = _model()
    expected.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    model = _model()
    data = SOURCES[kind]()
    options = {"batch_size": 10} if len(data) == 2 else {}
    model.fit(*data, shuffle=False, verbose=0, **options)
    for found, want in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-6)


def test_an_endless_generator_goes_on_where_the_last_epoch_stopped():
    model, expected = _model(), _model()
    model.fit(_generator(), steps_per_epoch=5, epochs=4, verbose=0)
    expected.fit(X, Y, batch_size=10, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], expected.get_weights()[0], rtol=1e-6)


def test_evaluate_and_predict_on_streams():
    model = _model()
    model.fit(X, Y, verbose=0)
    np.testing.assert_allclose(
        model.evaluate(_Dataset(), verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        model.predict(_Dataset(), verbose=0), model.predict(X, verbose=0), rtol=1e-5
    )
    assert model.predict(X, batch_size=10, steps=2, verbose=0).shape == (20, 1)


def test_single_batches():
    model, whole = _model(optimizer="adam"), _model(optimizer="adam")
    for start in range(0, 100, 25):
        loss = model.train_on_batch(X[start : start + 25], Y[start : start + 25])
    assert isinstance(loss, float)
    whole.fit(X, Y, batch_size=25, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], whole.get_weights()[0], rtol=1e-6)
    assert set(model.test_on_batch(X, Y, return_dict=True)) == {"loss"}
    np.testing.assert_allclose(model.predict_on_batch(X), model.predict(X, verbose=0), rtol=1e-6)
    assert model.predict_on_batch(X[:7]).shape == (7, 1)


def test_run_eagerly_equals_compiled():
    eager, compiled = _model(run_eagerly=True), _model()
    for model in (eager, compiled):
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(eager.get_weights()[0], compiled.get_weights()[0], rtol=1e-5)


def test_a_batch_callback_sees_each_batch_and_changes_the_rate():
    rates, losses, batches = [], [], []

    class Exponential(rb.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            batches.append(batch)
            rates.append(float(self.model.optimizer.learning_rate))
            losses.append(logs["loss"])
            self.model.optimizer.learning_rate = self.model.optimizer.learning_rate * 1.1

    model, plain = (
        _model(optimizer=rb.optimizers.SGD(0.01)),
        _model(optimizer=rb.optimizers.SGD(0.01)),
    )
    model.fit(X, Y, batch_size=25, shuffle=False, verbose=0, callbacks=[Exponential()])
    assert batches == [0, 1, 2, 3]
    np.testing.assert_allclose(rates, 0.01 * 1.1 ** np.arange(4), rtol=1e-5)
    np.testing.assert_allclose(losses[0], np.mean(Y[:25] ** 2), rtol=1e-5)
    plain.fit(X, Y, batch_size=25, shuffle=False, verbose=0)
    assert not np.allclose(model.get_weights()[0], plain.get_weights()[0], rtol=1e-4)


def test_hooks_come_in_keras_order():
    keras = pytest.importorskip("keras")
    calls = {}
    for name, k in (("keras", keras), ("ours", rb)):
        calls[name] = seen = []

        def hook(which, seen=seen):
            def called(self, number=None, logs=None):
                seen.append((which, number if isinstance(number, int) else None))

            return called

        names = [n for n in dir(k.callbacks.Callback) if n.startswith("on_") and "batch" not in n]
        names += [
            f"on_{p}_batch_{e}" for p in ("train", "test", "predict") for e in ("begin", "end")
        ]
        recorder = type("Recorder", (k.callbacks.Callback,), {n: hook(n) for n in names})()
        model = k.Sequential([k.layers.Input((3,)), k.layers.Dense(1)])
        model.compile(loss="mse", optimizer="sgd")
        model.fit(X, Y, epochs=2, validation_split=0.2, verbose=0, callbacks=[recorder])
        model.evaluate(X, Y, verbose=0, callbacks=[recorder])
        model.predict(X, verbose=0, callbacks=[recorder])
    assert calls["ours"] == calls["keras"]


def test_a_hook_sees_the_model_as_it_is_and_may_use_it():
    seen = []

    class Look(rb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights()[0].copy())
            self.model.predict(X[:2], verbose=0)
            self.model.evaluate(X, Y, verbose=0)

    model, plain = _model(), _model()
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0, callbacks=[Look()])
    plain.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    assert not np.array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[1], model.get_weights()[0])
    np.testing.assert_array_equal(plain.get_weights()[0], model.get_weights()[0])


def test_a_failing_callback_names_itself():
    class Bad(rb.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyError("nothing")

    with pytest.raises(KeyError) as caught:
        _model().fit(X, Y, verbose=0, callbacks=[Bad()])
    assert caught.value.__notes__ == ["In callback Bad.on_epoch_end."]


def test_interrupt_is_prompt_and_leaves_a_usable_model(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import time, numpy as np, rosenblatt as rb
            x = np.random.rand(200_000, 8).astype("float32")
            model = rb.Sequential([rb.Input((8,)), rb.layers.Dense(64, "relu"), rb.layers.Dense(1)])
            model.compile(loss="mse", optimizer="adam")
            start = model.get_weights()[0]
            class Ready(rb.callbacks.Callback):
                def on_epoch_end(self, epoch, logs=None):
                    print("ready", flush=True)
            try:
                model.fit(x, x[:, 0], epochs=10_000, verbose=0, callbacks=[Ready()])
            except KeyboardInterrupt:
                end = model.get_weights()[0]
                assert np.isfinite(end).all() and not np.array_equal(start, end)
                assert model.predict(x[:5], verbose=0).shape == (5, 1)
                model.fit(x[:100], x[:100, 0], verbose=0)
                print("stopped", flush=True)
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=1800)
    assert output.endswith("stopped\n")
    assert output.count("ready") < 5000
    assert process.returncode == 0


def test_lost_loss_is_said():
    model = _model(optimizer=rb.optimizers.SGD(1e30))
    with pytest.warns(
        RuntimeWarning, match=r"The loss became (nan|inf) in epoch \d+.*lower learning"
    ):
        model.fit(X, Y, epochs=3, verbose=0)


def test_progress_in_a_file_is_one_line_an_epoch(capsys):
    _model(metrics=["mae"]).fit(X, Y, epochs=2, validation_split=0.2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2"
    assert len(lines) == 4
    assert re.match(r"3/3 - \d+s - \d+(us|ms|s)/step - loss: ", lines[1])
    assert "/step - loss: " in lines[1]
    assert " - val_mae: " in lines[1]
    _model().fit(X, Y, epochs=1, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert re.match(r"4/4 - \d+s - ", lines[0])
