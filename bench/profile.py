"""Where the time of a page goes."""

from .programs import Bench

PROGRAM = """
import cProfile, pstats, sys
import django
django.setup()
from django.test import Client
browser = Client(headers={"Cookie": sys.argv[2], "Host": "127.0.0.1"})
for _ in range(3):
    assert browser.get(sys.argv[1]).status_code == 200
profile = cProfile.Profile()
profile.enable()
for _ in range(50):
    browser.get(sys.argv[1])
profile.disable()
pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
"""


def profile(bench: Bench, path: str) -> str:
    """The profile of 50 visits to this page of the account with a thousand servers, as text."""
    return bench.console.python("-c", PROGRAM, path, bench.pair_cookie)
