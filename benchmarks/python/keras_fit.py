"""The MNIST program of the README, in danlu and in Keras 3 on JAX: seconds of `fit`, interleaved.

DANLU_HOME=<data> python benchmarks/python/keras_fit.py --rounds 2
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def fit(framework, epochs):
    """In a process of its own: seconds of each epoch after the first of `fit`, and of all."""
    import danlu as dl

    (x_train, y_train), (x_test, y_test) = dl.datasets.mnist.load_data()
    x_train, x_test = x_train / 255.0, x_test / 255.0
    if framework == "danlu":
        tf = dl
        tf.utils.set_random_seed(0)
    else:
        os.environ["KERAS_BACKEND"] = "jax"
        import keras as tf

        tf.utils.set_random_seed(0)
    model = tf.models.Sequential(
        [
            tf.layers.Input(shape=(28, 28)),
            tf.layers.Flatten(),
            tf.layers.Dense(128, activation="relu"),
            tf.layers.Dropout(0.2),
            tf.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(x_train, y_train, epochs=epochs)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "accuracy": float(model.evaluate(x_test, y_test, verbose=0)[1])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2, help="of danlu, keras, keras, danlu")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--framework", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.framework:
        print("\n" + json.dumps(fit(args.framework, args.epochs)))
        return
    seconds = {"danlu": [], "keras": []}
    for _ in range(args.rounds):
        for framework in ("danlu", "keras", "keras", "danlu"):
            command = [sys.executable, __file__, "--framework", framework]
            command += ["--epochs", str(args.epochs)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            result = json.loads(out.splitlines()[-1])
            seconds[framework].append(result["seconds"])
            print(f"{framework:6} {result['seconds']:6.2f} s, accuracy {result['accuracy']:.4f}")
    danlu, keras = (statistics.median(seconds[name]) for name in ("danlu", "keras"))
    print(f"median: danlu {danlu:.2f} s, keras {keras:.2f} s, keras / danlu {keras / danlu:.2f}")


if __name__ == "__main__":
    main()
