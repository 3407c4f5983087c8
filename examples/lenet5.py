"""LeNet-5 (LeCun et al., 1998) with ReLU and max pooling: MNIST to about 99% in three epochs.

python examples/lenet5.py --epochs 3 --seed 0
"""

import argparse

import danlu as dl


def lenet5():
    inputs = dl.Input(shape=(28, 28, 1))
    x = dl.layers.Rescaling(1 / 255)(inputs)
    x = dl.layers.Conv2D(6, 5, padding="same", activation="relu")(x)  # (28, 28, 6)
    x = dl.layers.MaxPooling2D()(x)  # (14, 14, 6)
    x = dl.layers.Conv2D(16, 5, activation="relu")(x)  # (10, 10, 16)
    x = dl.layers.MaxPooling2D()(x)  # (5, 5, 16)
    x = dl.layers.Flatten()(x)
    x = dl.layers.Dense(120, activation="relu")(x)
    x = dl.layers.Dense(84, activation="relu")(x)
    outputs = dl.layers.Dense(10, activation="softmax")(x)
    return dl.Model(inputs, outputs, name="lenet5")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    dl.utils.set_random_seed(args.seed)
    (x_train, y_train), (x_test, y_test) = dl.datasets.mnist.load_data()
    model = lenet5()
    model.summary()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train[..., None], y_train, batch_size=32, epochs=args.epochs)
    loss, accuracy = model.evaluate(x_test[..., None], y_test, verbose=0)
    print(f"test loss {loss:.4f}, test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
