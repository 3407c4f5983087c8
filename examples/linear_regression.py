"""House prices by linear regression, with one variable (area) and with two (area, bedrooms).

Gradient descent on standardized features, written out; NumPy's least squares is the check.

    python examples/linear_regression.py --plot housing.png      # needs matplotlib
"""

import argparse

import numpy as np

import danlu as dl


def standardize(x):
    """(x - mean) / std for every column: then one learning rate suits all of them."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def gradient_descent(x, y, learning_rate=0.5, steps=200):
    """Minimizes mean((x @ w + b - y)^2) / 2; returns w, b and the losses on the way."""
    x, y = dl.asarray(x, dtype=dl.float64), dl.asarray(y, dtype=dl.float64)
    w, b = dl.zeros(x.shape[1], dtype=dl.float64), dl.zeros((), dtype=dl.float64)

    def loss(parameters):
        w, b = parameters
        return dl.mean((x @ w + b - y) ** 2) / 2

    losses = []
    for _ in range(steps):
        value, (dw, db) = dl.value_and_grad(loss)([w, b])
        w, b = w - learning_rate * dw, b - learning_rate * db
        losses.append(value.item())
    return w.numpy(), b.item(), losses


def least_squares(x, y):
    """The exact minimum, by NumPy."""
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y, rcond=None)[0]
    return solution[:-1], solution[-1]


def fit(names, x, y):
    x = standardize(x.astype(np.float64))
    w, b, losses = gradient_descent(x, y)
    exact_w, exact_b = least_squares(x, y)
    found, exact = np.append(w, b), np.append(exact_w, exact_b)
    error = np.linalg.norm(found - exact) / np.linalg.norm(exact)
    print(f"price by {' and '.join(names)}, after {len(losses)} steps:")
    for name, value, best in zip((*names, "constant"), found, exact, strict=True):
        print(f"  {name:9} {value:12.2f}   least squares {best:12.2f}")
    print(f"  relative difference {error:.1e}")
    assert error < 1e-4, "gradient descent did not reach the least-squares solution"
    return x, w, b, losses


def plot(file, area, price, prediction, losses):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    order = np.argsort(area)
    left.scatter(area, price, label="houses")
    left.plot(area[order], prediction[order], "r", label="fitted line")
    left.set(xlabel="area in square feet", ylabel="price in dollars")
    left.legend()
    for name, values in losses.items():
        right.plot(values[:20], label=name)
    right.set(xlabel="step", ylabel="loss")
    right.legend()
    figure.tight_layout()
    figure.savefig(file)
    print("plot written to", file)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--plot", metavar="FILE", help="write a plot of the line and the losses")
    args = parser.parse_args()

    (x, price), _ = dl.datasets.housing.load_data()
    area, w, b, one = fit(("area",), x[:, :1], price)
    *_, two = fit(("area", "bedrooms"), x, price)
    if args.plot:
        losses = {"one variable": one, "two variables": two}
        plot(args.plot, x[:, 0], price, area @ w + b, losses)


if __name__ == "__main__":
    main()
