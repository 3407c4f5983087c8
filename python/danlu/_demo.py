"""`python -m danlu demo`: a net learns the embedded digits in a few seconds."""

from __future__ import annotations

SHADES = " .:-=+*#%"  # pixel values 0..16, two a character


def demo(epochs: int = 30, seed: int = 0) -> float:
    """Trains on 1,437 handwritten digits, tests on 360; returns the test accuracy."""
    import danlu as dl

    dl.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = dl.datasets.digits.load_data()
    model = dl.Sequential(
        [
            dl.Input((8, 8)),
            dl.layers.Rescaling(1 / 16),
            dl.layers.Flatten(),
            dl.layers.Dense(128, activation="relu"),
            dl.layers.Dropout(0.2),
            dl.layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    model.summary()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, batch_size=32)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    predicted = model.predict(x_test[:6], verbose=0).argmax(axis=-1)
    print("\nSix digits it has never seen, and what it says:\n")
    print(_pictures(x_test[:6], predicted))
    print(f"\ntest accuracy {accuracy:.4f} on {len(x_test)} digits")
    return float(accuracy)


def _pictures(images, labels) -> str:
    rows = ["   ".join("".join(SHADES[p // 2] * 2 for p in line) for line in lines)
            for lines in zip(*images, strict=True)]  # fmt: skip
    return "\n".join([*rows, "   ".join(f"{label:^16}" for label in labels)])
