"""An evaluation that begins while training's last call computes gives what a later one gives."""

import numpy as np
import pytest

import rosenblatt as rb
from rosenblatt.layers import tracking
from rosenblatt.training.engine import Engine

ROWS = np.random.default_rng(0).normal(size=(70, 3)).astype("float32")
TARGETS = (ROWS.sum(1) > 0).astype("float32")
HELD_OUT = (ROWS[:21], TARGETS[:21])


def network(*layers):
    rb.utils.set_random_seed(3)
    stack = [rb.Input((3,)), rb.layers.Dense(4, activation="tanh"), *layers, rb.layers.Dense(1)]
    model = rb.Sequential(stack)
    model.compile("adam", "mse", metrics=["mae"])
    return model


def drawing_network():
    """One whose layers keep values of batches, and draw."""
    return network(rb.layers.BatchNormalization(), rb.layers.Dropout(0.3, seed=1))


def fitted(model, *callbacks, epochs=3):
    kept = model.fit(
        ROWS, TARGETS, epochs=epochs, batch_size=16, verbose=0, validation_data=HELD_OUT,
        callbacks=list(callbacks),
    )  # fmt: skip
    return kept.history, model.get_weights()


class Looks(rb.callbacks.Callback):
    """A user's hook between training and evaluation: nothing may begin before it."""

    def on_test_begin(self, logs=None):
        pass


class Order(rb.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        metrics = [v.numpy() for v in self.model.metrics_variables]
        self.seen.append((epoch, dict(logs), metrics))


def waits_between(monkeypatch, model, *callbacks):
    """Of the last epoch: the kinds of engines that handed programs on (+) and waited (-)."""
    events = []
    call, wait = Engine._call, Engine._wait
    monkeypatch.setattr(
        Engine, "_call", lambda self, *a: (events.append("+" + self.kind), call(self, *a))[1]
    )
    monkeypatch.setattr(
        Engine, "_wait", lambda self, *a: (events.append("-" + self.kind), wait(self, *a))[1]
    )
    fitted(model, *callbacks)
    return events[-4:]


def test_an_evaluation_is_handed_on_before_training_is_waited_for(monkeypatch):
    assert waits_between(monkeypatch, network()) == ["+train", "+test", "-train", "-test"]


def test_it_waits_for_a_hook_that_may_change_the_model(monkeypatch):
    after = ["+train", "-train", "+test", "-test"]
    assert waits_between(monkeypatch, network(), Looks()) == after


def test_it_gives_the_same_to_the_bit():
    seen, seen_after = Order(), Order()
    found = fitted(drawing_network(), seen)
    expected = fitted(drawing_network(), seen_after, Looks())
    assert found[0] == expected[0]
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert [s[:2] for s in seen.seen] == [s[:2] for s in seen_after.seen]
    for (*_, one), (*_, other) in zip(seen.seen, seen_after.seen, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_a_hook_assigns_before_an_evaluation_counts():
    class Zeros(rb.callbacks.Callback):
        def on_test_begin(self, logs=None):
            self.model.set_weights([np.zeros_like(w) for w in self.model.get_weights()])

    history, _ = fitted(network(), Zeros())
    assert history["val_loss"] == pytest.approx([np.mean(HELD_OUT[1] ** 2)] * 3)


def test_a_subclass_of_a_callback_that_only_looks_may_do_more():
    class Stops(rb.callbacks.TerminateOnNaN):
        def on_test_begin(self, logs=None):
            self.model.layers[-1].bias.assign([100.0])

    history, _ = fitted(network(), Stops())
    assert min(history["val_mae"]) > 50


def test_an_error_of_a_display_leaves_the_values_of_training():
    class Fails(rb.callbacks.TerminateOnNaN):
        only_looks = True

        def on_progress(self, phase, step, logs):
            if phase == "train" and self.model.current_run.epoch == 1:
                raise RuntimeError("shown to nobody")

    once, model = fitted(network(), epochs=2)[1], network()
    with pytest.raises(RuntimeError, match="shown to nobody"):
        fitted(model, Fails())
    twice = model.get_weights()
    for one, other in zip(once, twice, strict=True):
        np.testing.assert_array_equal(one, other)


def test_epochs_do_not_look_through_the_model_again(monkeypatch):
    counts, original = [0], tracking.parts_of

    def counted(holder):
        counts[0] += 1
        return original(holder)

    monkeypatch.setattr(tracking, "parts_of", counted)
    model = network()
    fitted(model)
    looks = []
    for epochs in (2, 6):
        counts[0] = 0
        fitted(model, epochs=epochs)
        looks.append(counts[0])
    assert looks[0] == looks[1] > 0


def frozen_layer(model):
    model.layers[0].trainable = False


def frozen_weight(model):
    model.layers[0].kernel.trainable = False


@pytest.mark.parametrize("freeze", [frozen_layer, frozen_weight])
def test_what_a_hook_freezes_is_trained_no_more(freeze):
    class Freezes(rb.callbacks.Callback):
        kernel = None

        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                freeze(self.model)
                self.kernel = self.model.layers[0].kernel.numpy()

    callback, model = Freezes(), network()
    fitted(model, callback)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), callback.kernel)
