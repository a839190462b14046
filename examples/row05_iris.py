"""Row 5: classification MLPs on iris: binary, multilabel binary, and multiclass."""

import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

(X_train, y_train), (X_test, y_test) = rb.datasets.iris.load_data()
EPOCHS = epochs(100)


def classifier(outputs, activation, loss, metric="accuracy"):
    """Normalized inputs, one hidden layer of 5 neurons, one output neuron per answer."""
    rb.utils.set_random_seed(42)
    normalization = rb.layers.Normalization()
    normalization.adapt(X_train)
    layers = [
        rb.Input((4,)),
        normalization,
        rb.layers.Dense(5, activation="relu"),
        rb.layers.Dense(outputs, activation=activation),
    ]
    model = rb.Sequential(layers)
    model.compile(loss=loss, optimizer=rb.optimizers.Adam(learning_rate=0.02), metrics=[metric])
    return model


print("1. Binary: is it virginica? One sigmoid, binary cross-entropy")
model = classifier(1, "sigmoid", "binary_crossentropy")
model.fit(X_train, y_train == 2, epochs=EPOCHS, verbose=0)
print(f"   test accuracy {model.evaluate(X_test, y_test == 2, verbose=0)[1]:.3f}")

print("2. Multilabel: virginica? a petal longer than 4 cm? One sigmoid per label")
labels_train = np.stack([y_train == 2, X_train[:, 2] > 4], axis=1).astype("float32")
labels_test = np.stack([y_test == 2, X_test[:, 2] > 4], axis=1).astype("float32")
model = classifier(2, "sigmoid", "binary_crossentropy", "binary_accuracy")
model.fit(X_train, labels_train, epochs=EPOCHS, verbose=0)
print(f"   test accuracy {model.evaluate(X_test, labels_test, verbose=0)[1]:.3f}")
flower = model.predict(X_test[:1], verbose=0)[0]
print(f"   a flower's two probabilities need not add up to 1: {flower}")

print("3. Multiclass: softmax over three species")
model = classifier(3, "softmax", "sparse_categorical_crossentropy")
history = model.fit(X_train, y_train, epochs=EPOCHS, validation_split=0.1, verbose=0)
loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
print(f"   class numbers, sparse categorical cross-entropy: {loss:.4f}, accuracy {accuracy:.3f}")
one_hot = classifier(3, "softmax", "categorical_crossentropy")
one_hot.set_weights(model.get_weights())
loss, accuracy = one_hot.evaluate(X_test, rb.utils.to_categorical(y_test, 3), verbose=0)
print(f"   one-hot rows, categorical cross-entropy:         {loss:.4f}, accuracy {accuracy:.3f}")
probabilities = model.predict(X_test[:3], verbose=0)
for row, label in zip(probabilities, y_test[:3], strict=True):
    guess = rb.datasets.iris.CLASS_NAMES[row.argmax()]
    print(f"   {row.round(3)} → {guess} (it is {rb.datasets.iris.CLASS_NAMES[label]})")
axes = plots.learning_curves(history)
print("Saved", plots.save_figure(axes, output("row05_learning_curves.png")))
