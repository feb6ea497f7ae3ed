"""What Lighthouse says of the list, a server and the form for a new one, as the console is served for real.

`./run test tests/browser/lighthouse.py -s` prints its figures for each and fails below the goals. It needs Node.js, and
fetches Lighthouse with npx. Not a test of every build, because its figures move with what else a machine does.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.conftest import CHROMIUM, FLAGS

GOALS: Final = {"accessibility": 100, "best-practices": 100, "performance": 95}
PAGES: Final = {"list": "/servers/", "server": "/servers/12345/", "new server": "/servers/new/"}


@pytest.mark.skipif(shutil.which("npx") is None, reason="needs Node.js (npx)")
@pytest.mark.parametrize("name", PAGES)
def test_lighthouse(
    served: str, visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in visit["cookies"])
    report = tmp_path / "report.json"
    monkeypatch.setenv("CHROME_PATH", str(CHROMIUM))
    subprocess.run(
        [
            *("npx", "--yes", "lighthouse@12", served + PAGES[name]),
            *("--preset=desktop", "--quiet", "--output=json", f"--output-path={report}"),
            f"--only-categories={','.join(GOALS)}",
            f"--extra-headers={json.dumps({'Cookie': cookies})}",
            f"--chrome-flags={' '.join(['--headless=new', *FLAGS])}",
        ],
        check=True,
    )
    found = json.loads(report.read_text())
    figures = {goal: round(found["categories"][goal]["score"] * 100) for goal in GOALS}
    print(f"\n{name}: {figures}")  # noqa: T201 - what it is run for
    failed = [
        f"{audit['id']}: {audit['title']}"
        for audit in found["audits"].values()
        if audit["score"] is not None and audit["score"] < 0.9
    ]
    assert found["finalDisplayedUrl"].endswith(PAGES[name])
    assert all(figures[goal] >= least for goal, least in GOALS.items()), failed
