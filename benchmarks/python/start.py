"""`import danlu` in a fresh process, over a bare interpreter: the median of interleaved runs.

python benchmarks/python/start.py --runs 30
"""

import argparse
import statistics
import subprocess
import sys
import time

STATEMENTS = {"bare interpreter": "pass", "import danlu": "import danlu"}


def milliseconds(statement):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return (time.perf_counter() - start) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs

    times = {name: [] for name in STATEMENTS}
    for run in range(runs + 2):
        for name, statement in STATEMENTS.items():
            taken = milliseconds(statement)
            if run >= 2:  # the first two fill the caches
                times[name].append(taken)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:18} {median:7.2f} ms")
    print(f"{'danlu adds':18} {medians['import danlu'] - medians['bare interpreter']:7.2f} ms")
    code = "import danlu, sys; print(sorted({m.split('.')[0] for m in sys.modules} & "
    code += "{'numpy', 'rich', 'safetensors', 'typing', 're', 'inspect'}))"
    subprocess.run([sys.executable, "-c", code], check=True)


if __name__ == "__main__":
    main()
