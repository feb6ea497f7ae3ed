"""The answers for machines: does the process live, can it work, what was counted? They say nothing about accounts."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from .. import metrics, session

log = logging.getLogger(__name__)

WAITED: Final = 2.0
"""Seconds that database and cache have for their answer."""


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers, whatever else is broken."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether database and cache answer (else 503), and what this process last heard of VPS.org.

    When VPS.org is down the console still shows what it knows, so that is told and changes no status.
    """
    answers = {"database": _ask("database", _read_a_table), "cache": _ask("cache", _keep_something)}
    ends_at = time.monotonic() + WAITED
    said = {name: _said(name, answer, ends_at) for name, answer in answers.items()}
    ready = set(said.values()) == {"ok"}
    heard = session.transport().heard()
    vps_org = {"answers": heard.answers, "last_answer_seconds_ago": heard.seconds_ago}
    return JsonResponse({"ready": ready, **said, "vps_org": vps_org}, status=200 if ready else 503)


@require_safe
@login_not_required
def counts(request: HttpRequest) -> HttpResponse:
    """What is counted (metrics), for whoever brings METRICS_TOKEN; without that setting there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    ):
        return HttpResponse("", status=401, headers={"WWW-Authenticate": "Bearer"}, content_type="text/plain")
    return HttpResponse(metrics.page(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _read_a_table() -> None:
    try:
        Session.objects.exists()
    finally:
        connection.close()


def _keep_something() -> None:
    cache.set("readyz", 1, timeout=60)


_under_way: dict[str, Future[None]] = {}
_lock = Lock()


def _ask(name: str, look: Callable[[], None]) -> Future[None]:
    """Look in a thread that is left behind when it takes too long; whoever asks meanwhile waits for the same one."""
    with _lock:
        answer = _under_way.get(name)
        if answer is None or answer.done():
            answer = _under_way[name] = Future()
            Thread(target=_answer, args=(answer, look), name=f"readyz {name}", daemon=True).start()
        return answer


def _answer(answer: Future[None], look: Callable[[], None]) -> None:
    try:
        look()
    except Exception as problem:
        answer.set_exception(problem)
    else:
        answer.set_result(None)


def _said(name: str, answer: Future[None], ends_at: float) -> str:
    try:
        answer.result(max(0.0, ends_at - time.monotonic()))
    except TimeoutError:
        log.error("%s: no answer within %.0f seconds", name, WAITED)
        return "no answer"
    except Exception as problem:
        log.error("%s: %s", name, type(problem).__name__)
        return "failed"
    return "ok"
