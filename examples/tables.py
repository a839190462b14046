"""Raw tables: from a file with words, gaps, dates and ids to a model with intervals and reasons."""

import csv

import matplotlib.pyplot as plt
import numpy as np
from _lesson import epochs, output

import rosenblatt as rb
from rosenblatt import plots
from rosenblatt.tables import read
from rosenblatt.tabular import TabularRegressor, load, shapley

CITIES = {
    "Los Angeles": (34.05, -118.24),
    "San Diego": (32.72, -117.16),
    "San Francisco": (37.77, -122.42),
    "Sacramento": (38.58, -121.49),
    "Fresno": (36.74, -119.79),
}
ROWS = 4_000

print("1. A file as one gets it")
(x, y), _, _ = rb.datasets.california_housing.load_split()
x, y = x[:ROWS], y[:ROWS]
income, age, rooms, bedrooms, people, household, latitude, longitude = x.T
places = np.array(list(CITIES.values()))
nearest = np.hypot(latitude[:, None] - places[:, 0], longitude[:, None] - places[:, 1]).argmin(1)
rng = np.random.default_rng(42)
days = np.datetime64("1990-01-01") + rng.integers(0, 365, ROWS)
gaps = rng.random(ROWS) < 0.1  # of the income


def decimal(value):
    """A number with a decimal comma."""
    return f"{value:.2f}".replace(".", ",")


path = output("districts.csv")
path.parent.mkdir(exist_ok=True)
with path.open("w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file, delimiter=";")
    writer.writerow(["district", "near", "counted", "income", "age", "rooms", "household", "value"])
    for i in range(ROWS):
        writer.writerow(
            [
                f"CA-{i:05d}",
                list(CITIES)[nearest[i]],
                days[i],
                "n/a" if gaps[i] else decimal(income[i]),
                int(age[i]),
                decimal(rooms[i]),
                decimal(household[i]),
                decimal(y[i]),
            ]
        )
table = read(path)
print("\n".join(table.notes))

print("\n2. A model, without a setting")
train, test = table.take(slice(0, 3_200)), table.take(slice(3_200, None))
model = TabularRegressor(epochs=epochs(100), random_state=42).fit(train, target="value")
print("\n".join(model.schema_.described()))
for warning in model.warnings_:
    print("Warning:", warning)

print("\n3. How good it is, on rows it never saw")
truth = test["value"].values
predicted = model.predict(test)
rmse = np.sqrt(np.mean((predicted - truth) ** 2))
constant = np.sqrt(np.mean((train["value"].values.mean() - truth) ** 2))
print(f"RMSE {rmse:.3f} (in 100,000 dollars); of the mean alone {constant:.3f}")
low, high = model.predict_interval(test, coverage=0.9).T
inside = np.mean((low <= truth) & (truth <= high))
print(f"90 % intervals hold {inside:.1%} of the districts; their mean width is ", end="")
print(f"{np.mean(high - low):.2f}, the narrowest {np.min(high - low):.2f}")

print("\n4. What it needs, and why a district is worth so much")
report = model.report(test)
for one in report.facts.importance:
    print(f"   {one.name:10} {one.drop:+.3f}")
first = test.take(np.array([0]))
names = list(model.predictor_.encoder.names)
found = shapley(model.predict, train, first, names)
print(f"Typical: {found.baseline[0]:.2f}; this district: {found.predictions[0, 0]:.2f}")
for place in np.argsort(-np.abs(found.values[0, :, 0])):
    name = names[place]
    print(f"   {name}={first[name].text(0)} ({found.values[0, place, 0]:+.2f})")
print(f"They add up: {found.baseline[0] + found.values[0].sum():.2f}")
report.to_html(output("districts.html"))

print("\n5. One file, which reads raw rows")
model.save(output("districts.keras"))
again = load(output("districts.keras"))
same = np.array_equal(again.predict(test), predicted)
print(f"Loaded, it predicts the same: {same}; {output('districts.keras').stat().st_size:,} bytes")
odd = {"near": ["Atlantis"], "rooms": ["5,5"], "income": [None], "age": [30], "household": ["3"],
       "counted": ["1990-07-01"], "more": ["a column it does not know"]}  # fmt: skip
print(f"An unseen word, a gap, another order: {again.predict(odd)[0]:.2f}")

axes = plt.subplots(figsize=(6, 6))[1]
order = np.argsort(predicted)
axes.fill_between(predicted[order], low[order], high[order], alpha=0.2, label="90 % interval")
axes.plot(predicted, truth, ".", markersize=3, label="districts")
axes.plot([0, 5], [0, 5], "k--", linewidth=1)
axes.set(xlabel="predicted value", ylabel="true value", title="Districts of California")
axes.legend()
print("Saved", plots.save_figure(axes, output("tables_intervals.png")))
