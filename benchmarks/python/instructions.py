"""Instructions that eight kernels execute, by Callgrind, against the counts that are stored.

python benchmarks/python/instructions.py --build build/cpp            # fails where one grew by 2%
python benchmarks/python/instructions.py --build build/cpp --update   # stores the counts

The build is one with -DDANLU_BENCHMARKS=ON whose levels include avx2: Valgrind has no AVX-512.
Counts are the same on every run and on a busy machine, where times are not; other compilers give
others.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

STORED = Path(__file__).parents[1] / "cpp" / "instructions.txt"
ALLOWED = 1.02
ENVIRONMENT = {**os.environ, "DANLU_ISA": "avx2", "OMP_NUM_THREADS": "1"}


def run(*command):
    try:
        return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        sys.exit(
            f"there is no {command[0]}: build with -DDANLU_BENCHMARKS=ON, install Valgrind "
            "(Debian, Ubuntu: apt-get install valgrind)"
        )
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(command)} failed:\n{error.stderr}")


def count(program, name):
    options = ["--tool=callgrind", "--callgrind-out-file=/dev/null"]
    messages = run("valgrind", *options, "--toggle-collect=measured_call", program, name).stderr
    collected = re.search(r"Collected : (\d+)", messages)
    if collected is None:
        sys.exit(f"Callgrind counted nothing:\n{messages}")
    return int(collected[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/cpp", help="the build folder")
    parser.add_argument("--update", action="store_true", help="store these counts")
    args = parser.parse_args()

    program = str(Path(args.build, "benchmarks", "cpp", "instructions").resolve())
    compiler, *names = run(program).stdout.splitlines()
    if not compiler.endswith(" avx2"):
        sys.exit(f"the kernels are {compiler.split()[-1]}: build with -DDANLU_LEVELS='avx2;avx512'")
    counts = {name: count(program, name) for name in names}
    if args.update:
        rows = [compiler, *(f"{name} {value}" for name, value in counts.items())]
        STORED.write_text("\n".join(rows) + "\n")
    first, *rows = STORED.read_text().splitlines()
    if first != compiler:
        print(f"stored by another compiler, {first[2:]}; this one is {compiler[2:]}")
    stored = {name: int(value) for name, value in map(str.split, rows)}
    grown = []
    for name, value in counts.items():
        ratio = value / stored[name] if name in stored else float("inf")
        print(f"{name:26} {value:>10,} {100 * (ratio - 1):+8.2f}%")
        if ratio > ALLOWED:
            grown.append(name)
    if grown:
        sys.exit(f"more than 2% above {STORED.name}: {', '.join(grown)}; --update accepts it")


if __name__ == "__main__":
    main()
