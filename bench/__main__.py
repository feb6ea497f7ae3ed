"""`./run bench`: measures, and prints each figure with its spread beside its goal; exit code 1 where one is missed."""

import argparse
import statistics
import sys

from .figures import Figure, figures
from .profile import profile
from .programs import running


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("--only", default="", help="only figures whose name holds this text")
    parser.add_argument(
        "--profile", metavar="PAGE", help="show where the time of this page goes, like /servers/"
    )
    asked = parser.parse_args()
    with running() as bench:
        if asked.profile:
            print(profile(bench, asked.profile))
            return 0
        chosen = [figure for figure in figures() if asked.only in figure.name]
        width = max(len(figure.name) for figure in chosen)
        print(f"{'figure':<{width}}  {'goal':>7}  {'middle':>7}  {'from':>7}  {'to':>7}")
        missed = [figure for figure in chosen if not told(figure, figure.measure(bench), width)]
    return 1 if missed else 0


def told(figure: Figure, values: list[float], width: int) -> bool:
    """Print a figure; whether it meets its goal."""
    met = figure.met(values)
    numbers = f"{statistics.median(values):>7.2f}  {min(values):>7.2f}  {max(values):>7.2f}"
    goal = f"{'≥' if figure.least else '≤'} {figure.goal:g}"
    print(f"{figure.name:<{width}}  {goal:>7}  {numbers}  {'' if met else 'missed'}".rstrip(), flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
