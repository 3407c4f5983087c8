"""danlu beside PyTorch: training steps and operations, medians of interleaved samples, as a table.

python benchmarks/python/against.py                                   # everything, some minutes
python benchmarks/python/against.py lenet5 "mlp*" --rounds 3

PyTorch runs plain, with its fused optimizer, and on images channels last, each in a process of its
own, and so does danlu: the threads of one would disturb the other. Every round asks all of them in
turn and then in the opposite order. The ratio is PyTorch's best time over danlu's. `others` is how
many cores the rest of the machine used meanwhile: where that is not near 0 the ratio says nothing,
and it errs in danlu's favour, because OpenMP's threads wait for the one that lost its core.
"""

import argparse
import fnmatch
import gc
import importlib
import json
import os
import statistics
import subprocess
import sys
import time

from workloads import WORKLOADS

DISTURBED = 0.1  # cores that others use
LABELS = ("danlu", "torch", "torch:fused", "torch:fused+channels_last")


def applies(label, s):
    if "channels_last" in label:
        return s.images
    return "fused" not in label or s.op in (None, "adam")


# ---------------------------------------------------------------- in the process of a label
def seconds_of(step, calls):
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return (time.perf_counter() - start) / calls


def work(label, threads):
    """Reads {"build": workload} and {"sample": seconds}, answers with a line of JSON each."""
    framework, _, flags = label.partition(":")
    steps = importlib.import_module(f"{framework}_steps")
    steps.start(threads)
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "build" in request:
            step = None  # frees the last one
            gc.collect()
            step, parameters = steps.build(WORKLOADS[request["build"]], flags)
            seconds_of(step, 2)  # allocates
            calls = max(1, round(2e-3 / seconds_of(step, 1)))  # in one sample
            answer = parameters
        else:
            answer, end = [], time.perf_counter() + request["sample"]
            while not answer or time.perf_counter() < end:
                answer.append(seconds_of(step, calls))
        print(json.dumps(answer), flush=True)


# ---------------------------------------------------------------- in the process that asks
def processor_seconds(path):
    """Of the whole machine, /proc/stat, or of a process, /proc/<pid>/stat."""
    with open(path) as file:
        fields = file.readline().rpartition(")")[2].split()
    # cpu user nice system idle iowait irq softirq steal | after the name: state ... utime stime
    busy = fields[1:4] + fields[6:9] if fields[0] == "cpu" else fields[11:13]
    return sum(map(int, busy)) / os.sysconf("SC_CLK_TCK")


class Others:
    """How many cores were used, since this was made, by all but these processes."""

    def __init__(self, processes):
        self.processes = (os.getpid(), *processes)
        self.time, self.seconds = time.perf_counter(), self.read()

    def read(self):
        own = sum(processor_seconds(f"/proc/{pid}/stat") for pid in self.processes)
        return processor_seconds("/proc/stat") - own

    def cores(self):
        return max(0.0, (self.read() - self.seconds) / (time.perf_counter() - self.time))


class Worker:
    def __init__(self, label, threads):
        self.label = label
        command = [sys.executable, __file__, "--work", label, "--threads", str(threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the process of {self.label} ended, see above")
        return json.loads(line)


def measure(name, workers, rounds, seconds):
    """The median milliseconds of each label, and the cores that others used."""
    s = WORKLOADS[name]
    taking_part = [worker for worker in workers if applies(worker.label, s)]
    parameters = {worker.label: worker.ask(build=name) for worker in taking_part}
    if len(set(parameters.values())) > 1:
        sys.exit(f"{name} is not the same net everywhere, parameters: {parameters}")
    samples = {worker.label: [] for worker in taking_part}
    others = Others(worker.process.pid for worker in workers)
    for _ in range(rounds):
        for worker in (*taking_part, *reversed(taking_part)):
            samples[worker.label] += worker.ask(sample=seconds)
    cores = others.cores()
    return {label: 1e3 * statistics.median(values) for label, values in samples.items()}, cores


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workloads", nargs="*", default=["*"], help="names or patterns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a sample")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", metavar="LABEL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work, args.threads)
        return
    names = [n for n in WORKLOADS if any(fnmatch.fnmatch(n, p) for p in args.workloads)]
    if not names:
        sys.exit(f"no such workload; there are {', '.join(WORKLOADS)}")

    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    workers = [Worker(label, args.threads) for label in LABELS]
    table, disturbed = Table("ms", *LABELS, "ratio", "others", box=MARKDOWN), []
    for name in names:
        medians, others = measure(name, workers, args.rounds, args.seconds)
        ratio = min(ms for label, ms in medians.items() if label != "danlu") / medians["danlu"]
        cells = [f"{medians[label]:.4g}" if label in medians else "" for label in LABELS]
        table.add_row(name, *cells, f"{ratio:.2f}", f"{others:.2f}")
        print(name, "done", file=sys.stderr)
        if others > DISTURBED:
            disturbed.append(name)
    for worker in workers:
        worker.process.communicate()  # the end of its input ends it
    Console(width=110 if not sys.stdout.isatty() else None).print(table)
    if disturbed:
        sys.exit(f"other programs were computing, measure again: {', '.join(disturbed)}")


if __name__ == "__main__":
    main()
