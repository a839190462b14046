"""Rows 6 to 8: an image classifier with the Sequential API, from images to predictions."""

import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots

# Row 6: the images, and the network
(X_train_full, y_train_full), (X_test, y_test) = rb.datasets.fashion_mnist.load_data()
X_train, y_train = X_train_full[:-5000], y_train_full[:-5000]
X_valid, y_valid = X_train_full[-5000:], y_train_full[-5000:]
print("Training images:", X_train.shape, X_train.dtype)
X_train, X_valid, X_test = X_train / 255.0, X_valid / 255.0, X_test / 255.0
class_names = rb.datasets.fashion_mnist.CLASS_NAMES
print("The first label:", y_train[0], "=", class_names[y_train[0]])
axes = plots.image_grid(X_train[:40], [class_names[label] for label in y_train[:40]])
print("Saved", plots.save_figure(axes.flat[0], output("row06_images.png")))

rb.backend.clear_session()
rb.utils.set_random_seed(42)
model = rb.Sequential()
model.add(rb.Input(shape=[28, 28]))
model.add(rb.layers.Flatten())
model.add(rb.layers.Dense(300, activation="relu"))
model.add(rb.layers.Dense(100, activation="relu"))
model.add(rb.layers.Dense(10, activation="softmax"))
model.summary()

hidden1 = model.layers[1]
print("The second layer:", hidden1.name)
print("Found by its name:", model.get_layer("dense") is hidden1)
weights, biases = hidden1.get_weights()
print("Its weights start random:", weights[0, :3].round(4), "and its biases at 0:", biases[:3])

# Row 7: loss, optimizer and metrics by name, or as objects
model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
print("SGD's rate:", float(model.optimizer.learning_rate))
print("Label 3 as a one-hot row:", rb.utils.to_categorical([3], 10))

# Row 8: train, evaluate, predict
history = model.fit(
    X_train, y_train, epochs=epochs(30), validation_data=(X_valid, y_valid), verbose=2
)
print("Parameters of the fit:", history.params)
print(f"Validation accuracy: {history.history['val_accuracy'][-1]:.4f} (the chapter: 0.888)")
axes = plots.learning_curves(history)
print("Saved", plots.save_figure(axes, output("row08_learning_curves.png")))

loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
print(f"Test loss and accuracy: {loss:.4f}, {accuracy:.4f} (the chapter: 0.328, 0.8826)")

X_new = X_test[:3]
probabilities = model.predict(X_new, verbose=0)
print(probabilities.round(2))
predicted = probabilities.argmax(axis=-1)
print("Predicted classes:", predicted, np.array(class_names)[predicted])
axes = plots.image_grid(X_new, [class_names[label] for label in predicted])
print("Saved", plots.save_figure(axes.flat[0], output("row08_predictions.png")))
