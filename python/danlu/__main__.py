"""`python -m danlu info` and `python -m danlu demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"a number from 1 on is wanted, not {text!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="danlu", description="A deep-learning library.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    about = commands.add_parser("info", help="version, ISA, threads, OpenMP, CUDA, memory")
    about.add_argument(
        "--with",
        dest="modules",
        nargs="+",
        default=[],
        metavar="MODULE",
        help="import these modules first, to see whether they share the OpenMP runtime",
    )
    demo = commands.add_parser("demo", help="train a net on the embedded handwritten digits")
    demo.add_argument("--epochs", type=_count, default=30)
    demo.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)

    if chosen.command == "info":
        from danlu._info import report

        try:
            print(report(chosen.modules))
        except ImportError as error:
            parser.exit(1, f"{error}\n")
        return 0
    from danlu._demo import demo as run

    accuracy = run(chosen.epochs, chosen.seed)
    return 0 if accuracy >= 0.95 or chosen.epochs < 30 else 1


if __name__ == "__main__":
    sys.exit(main())
