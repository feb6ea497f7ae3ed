"""What Prometheus may count, where METRICS_TOKEN is set: calls to VPS.org, changes, and the polls of open pages.

Labels come from closed sets (the nine requests, the ways a call ends, the actions, the outcomes): they name no server,
no person and no key.
"""

import os
import time
from typing import Final

from django.conf import settings

from .remote.transport import Call

COUNTS: Final = bool(settings.METRICS_TOKEN)

if COUNTS:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    REGISTRY: Final = CollectorRegistry()
    CALLS: Final = Counter(
        "console_vps_calls", "Calls to VPS.org, by how they ended", ["request", "outcome"], registry=REGISTRY
    )
    SECONDS: Final = Histogram(
        "console_vps_call_seconds",
        "How long calls to VPS.org took",
        ["request"],
        buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20),
        registry=REGISTRY,
    )
    ANSWERED_AT: Final = Gauge(
        "console_vps_answered_timestamp_seconds",
        "When VPS.org last answered",
        multiprocess_mode="max",
        registry=REGISTRY,
    )
    POLLS: Final = Counter("console_polls", "Polls of open pages, by status", ["status"], registry=REGISTRY)
    AGE: Final = Histogram(
        "console_fleet_age_seconds",
        "How old the list was that a poll was answered with",
        buckets=(2, 5, 15, 30, 60, 300, 3600, 86400),
        registry=REGISTRY,
    )
    CHANGES: Final = Counter(
        "console_changes",
        "Changes to servers, by what came of them",
        ["action", "outcome"],
        registry=REGISTRY,
    )


def called(call: Call) -> None:
    """A call to VPS.org has ended."""
    if COUNTS:
        CALLS.labels(call.request, call.outcome).inc()
        SECONDS.labels(call.request).observe(call.milliseconds / 1000)
        if call.answered:
            ANSWERED_AT.set(time.time())


def polled(status: int, age: int | None) -> None:
    """A poll was answered; `age` is that of the list in seconds, if there was one."""
    if COUNTS:
        POLLS.labels(str(status)).inc()
        if age is not None:
            AGE.observe(age)


def changed(action: str, outcome: str) -> None:
    """A change was sent, and this came of it."""
    if COUNTS:
        CHANGES.labels(action, outcome).inc()


def page() -> bytes:
    """All of it as Prometheus reads it: of every process, where there are several (PROMETHEUS_MULTIPROC_DIR)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
