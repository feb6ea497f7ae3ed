"""What needs attention: what is known of the servers and should not stay so, in sentences.

What is not known is not claimed: backups and disk are those of the last look at a server's details, and "since" is
since this console saw it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from . import receipts
from .fleet import UNKNOWN, group
from .models import Activity
from .remote.objects import Server
from .sightings import Remembered
from .templatetags.looks import duration
from .words import Status, status_words

Action = Activity.Action

NEARLY_FULL: Final = 0.85
AS_GOOD_AS_FULL: Final = 0.95
LONG_STOPPED: Final = timedelta(days=30)
LONG_CHANGING: Final = timedelta(minutes=10)
"""Where the usual time is not known."""
NOT_BEFORE: Final = timedelta(minutes=2)
"""So long a changing status is nothing to speak of, however short it usually is."""

ACTION: Final[dict[str, str]] = {
    "provisioning": Action.CREATE,
    "starting": Action.START,
    "stopping": Action.STOP,
    "rebooting": Action.REBOOT,
}
"""By which change a server comes into a status that passes."""

STUCK, FULL, SUSPENDED, UNKNOWN_STATUS, DISK, STOPPED, BACKUPS = range(7)
"""What can be said, the gravest first."""


@dataclass(frozen=True)
class Reason:
    """One sentence about a server. `seen_at`: the figures are from then."""

    weight: int
    sentence: str
    seen_at: datetime | None = None


@dataclass(frozen=True)
class Concern:
    """A server that needs attention, and why, the gravest reason first."""

    server: Server
    status: Status
    reasons: list[Reason]


@dataclass(frozen=True)
class Attention:
    """All concerns, the gravest first, and of how many servers nobody knows whether they have backups."""

    concerns: list[Concern]
    not_known: int


def attention(servers: Iterable[Server], remembered: Mapping[str, Remembered]) -> Attention:
    """What needs attention, by the fleet and by what is remembered of it."""
    servers = list(servers)
    now = timezone.now()
    waiting = {
        str(server.id): now - remembered[str(server.id)].since
        for server in servers
        if server.changing and str(server.id) in remembered
    }
    usual = receipts.usual_of_all() if any(time > NOT_BEFORE for time in waiting.values()) else {}
    concerns = []
    for server in servers:
        sighting = remembered.get(str(server.id))
        reasons = [
            *_by_status(server, waiting.get(str(server.id)), usual),
            *(_remembered(server, sighting, now) if sighting else ()),
        ]
        if reasons:
            reasons.sort(key=lambda reason: reason.weight)
            concerns.append(Concern(server, status_words(server.status), reasons))
    concerns.sort(key=lambda concern: (concern.reasons[0].weight, -len(concern.reasons), concern.server.name))
    known = sum(sighting.backups_enabled is not None for sighting in remembered.values())
    return Attention(concerns, len(servers) - known)


def _by_status(server: Server, waited: timedelta | None, usual: Mapping[str, float]) -> list[Reason]:
    if waited is not None and (sentence := _stuck(server.status, waited, usual.get(ACTION[server.status]))):
        return [Reason(STUCK, sentence)]
    if server.status == "suspended":
        return [Reason(SUSPENDED, gettext("VPS.org or your account has put it on hold."))]
    if group(server) == UNKNOWN:
        sentence = gettext("VPS.org reports the state “%(status)s”, which this console does not know.")
        return [Reason(UNKNOWN_STATUS, sentence % {"status": server.status})]
    return []


def _stuck(status: str, waited: timedelta, usual: float | None) -> str:
    """That a status which passes does not, or an empty text as long as it may."""
    longest = LONG_CHANGING if usual is None else timedelta(seconds=usual * receipts.TOO_LONG)
    if waited <= max(longest, NOT_BEFORE):
        return ""
    words = {"time": duration(waited.total_seconds()), "usual": duration(usual or 0)}
    if usual is None:
        sentences = {
            "provisioning": gettext("Being set up for %(time)s."),
            "starting": gettext("Starting for %(time)s."),
            "stopping": gettext("Stopping for %(time)s."),
            "rebooting": gettext("Restarting for %(time)s."),
        }
    else:
        sentences = {
            "provisioning": gettext("Being set up for %(time)s. Usually this takes %(usual)s."),
            "starting": gettext("Starting for %(time)s. Usually this takes %(usual)s."),
            "stopping": gettext("Stopping for %(time)s. Usually this takes %(usual)s."),
            "rebooting": gettext("Restarting for %(time)s. Usually this takes %(usual)s."),
        }
    return sentences[status] % words


def _remembered(server: Server, sighting: Remembered, now: datetime) -> list[Reason]:
    reasons = []
    part = (sighting.disk_used or 0) / (sighting.disk_size or float("inf"))
    if part >= NEARLY_FULL:
        percent = number_format(min(int(part * 100), 100))
        sentence = gettext("The disk is %(percent)s %% full.") % {"percent": percent}
        reasons.append(Reason(FULL if part >= AS_GOOD_AS_FULL else DISK, sentence, sighting.disk_seen_at))
    days = (now - sighting.since).days
    if server.status == sighting.status == "stopped" and days >= LONG_STOPPED.days:
        sentence = ngettext(
            "Stopped for %(n)s day. It may still cost money.",
            "Stopped for %(n)s days. It may still cost money.",
            days,
        ) % {"n": number_format(days)}
        reasons.append(Reason(STOPPED, sentence))
    if sighting.backups_enabled is False:
        reasons.append(Reason(BACKUPS, gettext("No automatic backups.")))
    return reasons
