"""The cost of one call: adding tensors of one element, with and without a gradient to record.

python benchmarks/python/small_ops.py        # compares with PyTorch, interleaved in one process
"""

import statistics
import timeit

import danlu as dl


def cases(framework):
    if framework == "danlu":
        a, b = dl.asarray([1.0]), dl.asarray([2.0])
        marked = dl.asarray([1.0])
        marked.requires_grad = True
    else:
        import torch

        torch.set_num_threads(1)
        a, b = torch.tensor([1.0]), torch.tensor([2.0])
        marked = torch.tensor([1.0], requires_grad=True)
    return {"add": lambda: a + b, "recorded add": lambda: marked + b}


def nanoseconds(function, calls=20_000):
    return timeit.timeit(function, number=calls) / calls * 1e9


def main():
    try:
        functions = {name: cases(name) for name in ("danlu", "torch")}
    except ImportError:
        functions = {"danlu": cases("danlu")}
    overhead = statistics.median(nanoseconds(lambda: None) for _ in range(9))
    for case in functions["danlu"]:
        samples = {name: [] for name in functions}
        for _ in range(15):
            for name, by_case in functions.items():
                samples[name].append(nanoseconds(by_case[case]) - overhead)
        medians = {name: statistics.median(values) for name, values in samples.items()}
        text = ", ".join(f"{name} {value:.0f} ns" for name, value in medians.items())
        ratio = (
            f", torch / danlu {medians['torch'] / medians['danlu']:.1f}"
            if "torch" in medians
            else ""
        )
        print(f"{case:13} {text}{ratio}")


if __name__ == "__main__":
    main()
