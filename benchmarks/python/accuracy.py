"""Test accuracy of the README's program and of LeNet-5 for seeds 0, 1, 2.

DANLU_HOME=<data> python benchmarks/python/accuracy.py
"""

import argparse
import statistics

from models import lenet5

import danlu as dl

L = dl.layers


def mlp():
    return dl.Sequential(
        [
            L.Flatten(input_shape=(28, 28, 1)),
            L.Dense(128, activation="relu"),
            L.Dropout(0.2),
            L.Dense(10),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    (x_train, y_train), (x_test, y_test) = dl.datasets.mnist.load_data()
    x_train, x_test = x_train[..., None] / 255.0, x_test[..., None] / 255.0
    for make, epochs in ((mlp, 5), (lenet5, 3)):
        accuracies = []
        for seed in seeds:
            dl.utils.set_random_seed(seed)
            model = make()
            loss = dl.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("adam", loss, metrics=["accuracy"])
            model.fit(x_train, y_train, epochs=epochs, verbose=0)
            accuracies.append(model.evaluate(x_test, y_test, verbose=0)[1])
        rows = ", ".join(f"{value:.4f}" for value in accuracies)
        print(f"{make.__name__}, {epochs} epochs: {rows}; mean {statistics.mean(accuracies):.4f}")


if __name__ == "__main__":
    main()
