"""One net in three styles: a list of layers, a graph of layers, a class with `call`."""

import numpy as np

import danlu as dl


def sequential():
    return dl.Sequential(
        [
            dl.Input((8, 8, 1)),
            dl.layers.Conv2D(16, 3, activation="relu"),
            dl.layers.MaxPooling2D(),
            dl.layers.Flatten(),
            dl.layers.Dense(10, activation="softmax"),
        ]
    )


def functional():
    inputs = dl.Input((8, 8, 1))
    x = dl.layers.Conv2D(16, 3, activation="relu")(inputs)
    x = dl.layers.MaxPooling2D()(x)
    x = dl.layers.Flatten()(x)
    return dl.Model(inputs, dl.layers.Dense(10, activation="softmax")(x))


class Subclass(dl.Model):
    def __init__(self):
        super().__init__()
        self.conv = dl.layers.Conv2D(16, 3, activation="relu")
        self.pool = dl.layers.MaxPooling2D()
        self.flatten = dl.layers.Flatten()
        self.head = dl.layers.Dense(10, activation="softmax")

    def call(self, x):
        return self.head(self.flatten(self.pool(self.conv(x))))


def main():
    (x_train, y_train), (x_test, y_test) = dl.datasets.digits.load_data()
    x_train, x_test = x_train[..., None] / 16, x_test[..., None] / 16
    losses = []
    for make in (sequential, functional, Subclass):
        dl.utils.set_random_seed(1)
        model = make()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, epochs=20, verbose=0)
        loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
        print(f"{make.__name__:10}  test loss {loss:.4f}  test accuracy {accuracy:.4f}")
        losses.append(loss)
    assert np.ptp(losses) == 0, "the three styles are the same net"


if __name__ == "__main__":
    main()
