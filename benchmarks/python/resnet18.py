"""Test accuracy of ResNet-18 on CIFAR-10 with flips and crops, epoch by epoch, until it is enough.

python benchmarks/python/resnet18.py --path <folder of the binary files> --precision exact
"""

import argparse
import time

import numpy as np
from models import resnet18_cifar

import danlu as dl


def augmented(images, rng):
    """Every image mirrored or not, and cut out of its frame of four zeros at a random place."""
    flips = rng.random(len(images)) < 0.5
    images = np.where(flips[:, None, None, None], images[:, :, ::-1], images)
    framed = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(framed, (32, 32), axis=(1, 2))
    y, x = rng.integers(0, 9, (2, len(images)))
    return np.moveaxis(windows[np.arange(len(images)), y, x], 1, -1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--path", help="a folder with some of the binary files; default: all of them"
    )
    parser.add_argument("--precision", choices=["fast", "exact"], default="fast")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--until", type=float, default=0.60, help="the accuracy that is enough")
    options = parser.parse_args()
    dl.config.set_conv_precision(options.precision)
    dl.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    (x, y), (x_test, y_test) = dl.datasets.cifar10.load_data(options.path)
    x, x_test = (np.asarray(images, dtype="float32") / 127.5 - 1 for images in (x, x_test))
    model = resnet18_cifar()
    schedule = dl.optimizers.schedules.CosineDecay(
        0.02, options.epochs * -(-len(x) // options.batch)
    )
    model.compile(
        dl.optimizers.SGD(schedule, momentum=0.9, weight_decay=5e-4),
        dl.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    started = time.perf_counter()
    for epoch in range(options.epochs):
        model.fit(augmented(x, rng), y, batch_size=options.batch, verbose=0)
        accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
        seconds = time.perf_counter() - started
        print(
            f"{options.precision}, epoch {epoch + 1}: {accuracy:.4f} ({seconds:.0f} s)", flush=True
        )
        if accuracy >= options.until:
            return
    raise SystemExit(f"below {options.until} after {options.epochs} epochs")


if __name__ == "__main__":
    main()
