"""Row 2: the perceptron.

Iris as in the chapter, the decision boundary, the mistakes and their bound; several outputs;
XOR, which one layer of threshold units cannot compute (with a proof) and two layers can.
"""

import warnings

import numpy as np
from _lesson import epochs, output
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.plots.figures import new_axes
from rosenblatt.sklearn import Perceptron, linear_separability

features, species = load_iris(return_X_y=True)
X = features[:, [2, 3]]  # petal length, petal width
y = species == 0  # setosa or not
NAMES = ("Petal length (cm)", "Petal width (cm)")

print("1. Setosa or not")
perceptron = Perceptron(random_state=42).fit(X, y)
print("Predictions for [2, 0.5] and [3, 1]:", perceptron.predict([[2, 0.5], [3, 1]]))
same = SGDClassifier(
    loss="perceptron", learning_rate="constant", eta0=1, penalty=None, random_state=42
).fit(X, y)
print("Coefficients:", perceptron.coef_[0], perceptron.intercept_)
equal = np.array_equal(perceptron.coef_, same.coef_)
equal = equal and np.array_equal(perceptron.intercept_, same.intercept_)
print("The same as SGDClassifier's:", equal)
mistakes, bound = perceptron.mistakes_[0], perceptron.mistake_bound_[0]
print(f"Mistakes: {mistakes}; no order makes more than {bound:.0f} (R²/γ²)")

print("\n2. One instance at a time")
learner = Perceptron(shuffle=False)
path = [[0.0, 0.0, 0.0]]
for row in np.random.default_rng(42).permutation(len(X)):
    learner.partial_fit(X[row : row + 1], y[row : row + 1], classes=[False, True])
    path.append([*learner.coef_[0], *learner.intercept_])
print("Weights after one pass:", np.array(path[-1]), "mistakes:", learner.mistakes_[0])
axes = new_axes(12, 4.5, 1, 2)[0]
plots.decision_boundary(perceptron, X, y, axes[0], names=NAMES).set_title("Setosa?")
plots.weight_path(path, axes[1], names=["w1", "w2", "b"]).set_title("The weights as they move")
print("Saved", plots.save_figure(axes[0], output("row02_iris.png")))

print("\n3. Several outputs: one unit for each species, a layer h(X) = φ(XW + b)")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    three = Perceptron(average=True).fit(X, species)
print(caught[0].message)
print(f"Accuracy with averaged weights: {three.score(X, species):.3f}")
layer = rb.layers.TLULayer(3)
layer.build((None, 2))
layer.set_weights([three.coef_.T, three.intercept_])
print("The layer's outputs for the first flower of each species:")
print(np.asarray(layer(X[[0, 50, 100]].astype("float32"))).astype(int))
ax = plots.decision_boundary(three, X, species, names=NAMES)
print("Saved", plots.save_figure(ax, output("row02_species.png")))

print("\n4. XOR")
corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
xor = np.array([0, 1, 1, 0])
proof = linear_separability(corners, xor)
print("One layer can do it:", proof.separable)
print("The proof: λ =", proof.certificate, "≥ 0, Σ λ = 1, Σ λ y = 0, Σ λ y x = 0;")
print("for any w and b, Σ λ y (w·x + b) would have to be above 0, but is 0.")
print("Largest deviation of these equations:", proof.residual(corners, xor))
for name, target in {"OR": [0, 1, 1, 1], "AND": [0, 0, 0, 1]}.items():
    print(f"One layer can do {name}:", linear_separability(corners, target).separable)

two = rb.Sequential([rb.Input((2,)), rb.layers.TLULayer(2), rb.layers.TLULayer(1)])
two.set_weights([np.ones((2, 2)), [-0.5, -1.5], [[1], [-1]], [-0.5]])
print("Two layers, weights given (OR, AND; OR and not AND):", two.predict(corners, verbose=0)[:, 0])

rb.utils.set_random_seed(42)
mlp = rb.Sequential(
    [rb.Input((2,)), rb.layers.Dense(4, "tanh"), rb.layers.Dense(1, activation="sigmoid")]
)
mlp.compile(loss="binary_crossentropy", optimizer=rb.optimizers.Adam(0.1))
mlp.fit(corners, xor, epochs=epochs(200), verbose=0)
print("Two layers, trained:", mlp.predict(corners, verbose=0)[:, 0].round(2))
axes = new_axes(12, 4.5, 1, 2)[0]
plots.network_weights(two, axes[0]).set_title("Weights and biases of the given network")
plots.decision_boundary(mlp, corners, xor, axes[1]).set_title("What the trained one decides")
print("Saved", plots.save_figure(axes[0], output("row02_xor.png")))
