"""Runs tests on a PostgreSQL and a Redis of their own, with two consoles that answer in turn (in_turn.py):
`python -m tests.load.engines tests/http` (pytest's options)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .programs import Postgres, Redis


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="console-postgres-") as folder:
        postgres, redis = Postgres(Path(folder)), Redis()
        postgres.start()
        redis.start()
        engines = {"TEST_DATABASE_URL": postgres.url, "TEST_CACHE_URL": redis.url}
        try:
            return subprocess.run(
                ["./run", "test", "-p", "tests.load.in_turn", *sys.argv[1:]], env=os.environ | engines
            ).returncode
        finally:
            redis.stop()
            postgres.stop()


if __name__ == "__main__":
    sys.exit(main())
