"""Training without `fit`: the loop of PyTorch and the loop of JAX, on the embedded digits.

Both start from the same weights, see the same batches and end with the same bits.
"""

import numpy as np

import danlu as dl

EPOCHS, BATCH = 20, 32


def make_model():
    dl.utils.set_random_seed(0)
    return dl.Sequential(
        [
            dl.Input((8, 8)),
            dl.layers.Rescaling(1 / 16),
            dl.layers.Flatten(),
            dl.layers.Dense(64, activation="relu"),
            dl.layers.Dense(10, activation="softmax"),
        ]
    )


def batches(x, y):
    order = np.random.default_rng(0)
    for _ in range(EPOCHS):
        shuffled = order.permutation(len(x))
        for start in range(0, len(x), BATCH):
            rows = shuffled[start : start + BATCH]
            yield x[rows], y[rows]


def backward_and_step(model, data):
    optimizer = dl.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    for x, y in data:
        loss = dl.losses.sparse_categorical_crossentropy(y, model(x, training=True)).mean()
        loss.backward()
        optimizer.step()  # applies the gradients and clears them


def value_and_grad(model, data):
    optimizer = dl.optimizers.Adam()
    optimizer.build(model.trainable_variables)

    def loss_fn(variables, x, y):
        return dl.losses.sparse_categorical_crossentropy(y, model(x, training=True)).mean()

    for x, y in data:
        loss, grads = dl.value_and_grad(loss_fn)(model.trainable_variables, x, y)
        optimizer.apply(grads, model.trainable_variables)


def main():
    (x_train, y_train), (x_test, y_test) = dl.datasets.digits.load_data()
    weights = []
    for train in (backward_and_step, value_and_grad):
        model = make_model()
        train(model, batches(x_train, y_train))
        with dl.no_grad():
            predicted = dl.argmax(model(x_test), axis=-1).numpy()
        print(f"{train.__name__}: test accuracy {np.mean(predicted == y_test):.4f}")
        weights.append(model.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))
    print("both loops end with the same weights, bit for bit")


if __name__ == "__main__":
    main()
