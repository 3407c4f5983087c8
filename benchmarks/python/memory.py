"""Resident memory over many LeNet-5 steps with changing batch sizes: it must not drift.

python benchmarks/python/memory.py --steps 20000
"""

import argparse
import os

import numpy as np
from models import lenet5

import danlu as dl


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    steps = parser.parse_args().steps

    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 28, 28, 1), dtype=np.float32)
    y = rng.integers(0, 10, 64)
    model = lenet5()
    model.compile("adam", dl.losses.SparseCategoricalCrossentropy(from_logits=True))
    after_100 = 0
    for step in range(1, steps + 1):
        batch = 1 + step * 37 % 64
        model.train_on_batch(x[:batch], y[:batch])
        if step == 100:
            after_100 = resident()
        if step % max(1, steps // 10) == 0:
            drift = resident() - after_100
            print(f"step {step:6}: {resident() / 2**20:7.1f} MB, drift {drift / 2**20:+.2f} MB")


if __name__ == "__main__":
    main()
