"""The console, which ends as by SIGKILL at a point of a change when the file DIES_AT names that point."""

import os
import signal
from pathlib import Path
from typing import Any

from django.db.models.signals import post_save

from vpspanel.wsgi import application

__all__ = ["application"]

from servers.models import Activity, Note
from servers.remote.transport import Answer, Transport


def reach(point: str) -> None:
    armed = Path(os.environ["DIES_AT"])
    if armed.exists() and armed.read_text() == point:
        armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def written(sender: Any, **more: Any) -> None:
    if sender in (Activity, Note):
        reach("row")


post_save.connect(written, weak=False)

usual_send = Transport.send
usual_finish = Activity.finish


def send(self: Transport, name: str, method: str, *given: Any, **more: Any) -> Answer:
    if method == "GET":
        return usual_send(self, name, method, *given, **more)
    reach("call")
    answer = usual_send(self, name, method, *given, **more)
    reach("answer")
    return answer


def finish(self: Activity, *given: Any, **more: Any) -> None:
    usual_finish(self, *given, **more)
    reach("outcome")


Transport.send = send  # type: ignore[method-assign]
Activity.finish = finish  # type: ignore[method-assign]
