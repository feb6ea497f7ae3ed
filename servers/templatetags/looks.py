"""How a status, a size and a time look."""

from datetime import datetime, timedelta
from typing import Final, Protocol

from babel.dates import format_timedelta
from babel.units import format_unit
from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from servers import browsers
from servers.fleet import Fleet
from servers.models import Activity, Step
from servers.words import SEEN, Status, Words, spoken

register = template.Library()

BADGE_COLOURS: Final = 5
"""As many as tokens.css has for badges."""


class Sized(Protocol):
    """Anything with the three figures of a plan."""

    @property
    def vcpus(self) -> int | None: ...

    @property
    def memory(self) -> int | None: ...

    @property
    def storage(self) -> int | None: ...


@register.simple_tag
def pill(status: Status, as_of: datetime | None = None) -> SafeString:
    """A state as shape and word; on old data with the time at which it was seen."""
    word = status.word
    if as_of is not None:
        time = date_format(timezone.localtime(as_of), "TIME_FORMAT")
        word = gettext("%(state)s (as of %(time)s)") % {"state": word, "time": time}
    return format_html(
        '<span class="pill pill--{}{}"><span class="pill__shape" aria-hidden="true"></span>{}</span>',
        status.shape,
        " pill--old" if as_of else "",
        word,
    )


@register.filter
def size(plan: Sized | None) -> str:
    """ "2 processors, 4 GB memory, 80 GB disk": always spelled out."""
    return gettext(", ").join(figures(plan)) if plan is not None else ""


def figures(plan: Sized) -> list[str]:
    """The same as its parts; what is not known is left out."""
    parts = []
    if plan.vcpus is not None:
        parts.append(
            _together(ngettext("%(n)d processor", "%(n)d processors", plan.vcpus)) % {"n": plan.vcpus}
        )
    if plan.memory is not None:
        parts.append(gettext("%(amount)s memory") % {"amount": megabytes(plan.memory)})
    if plan.storage is not None:
        parts.append(gettext("%(amount)s disk") % {"amount": gigabytes(plan.storage)})
    return parts


@register.simple_tag
def badge(system: str) -> SafeString:
    """The letters of a system's family, "Ub" for Ubuntu 22.04 LTS, on a colour that each family keeps. It decorates."""
    family = (system.split() or ["?"])[0]
    letters = family[:2] if family[:2].isascii() else family[0]
    colour = sum(family.casefold().encode()) % BADGE_COLOURS + 1
    return format_html(
        '<span class="badge badge--{}" aria-hidden="true">{}</span>', colour, letters.capitalize()
    )


@register.filter
def megabytes(amount: float) -> str:
    """MB as VPS.org gives them, in GB from 1 GB on."""
    if amount < 1024:
        return _together(gettext("%(n)s MB")) % {"n": _number(amount)}
    return _together(gettext("%(n)s GB")) % {"n": _number(amount / 1024)}


@register.filter
def gigabytes(amount: float) -> str:
    """GB as VPS.org gives them, in TB from 1 TB on."""
    if amount < 1024:
        return _together(gettext("%(n)s GB")) % {"n": _number(amount)}
    return _together(gettext("%(n)s TB")) % {"n": _number(amount / 1024)}


@register.filter
def percent(part: float) -> str:
    """ "23.5 %"."""
    return _together(gettext("%(n)s %%")) % {"n": _number(part)}


@register.filter
def moment(at: datetime | None) -> SafeString:
    """ "today 14:02", "10 Jan. 2025"; whole for the mouse and for machines."""
    if at is None:
        return SafeString("")
    local = timezone.localtime(at)
    days = (timezone.localdate() - local.date()).days
    time = date_format(local, "TIME_FORMAT")
    if days == 0:
        short = gettext("today %(time)s") % {"time": time}
    elif days == 1:
        short = gettext("yesterday %(time)s") % {"time": time}
    else:
        short = date_format(local, "SHORT_DATE_FORMAT")
    whole = f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        whole,
        short,
    )


def age(seconds: int) -> str:
    """ "8 seconds ago", "5 minutes ago": as Intl.RelativeTimeFormat says it in panel.js, from the same Unicode data."""
    number, unit = in_units(max(seconds, 1))
    past = timedelta(**{f"{unit}s": -number})
    return format_timedelta(past, add_direction=True, format="long", threshold=1, locale=spoken())


@register.filter
def age_of(fleet: Fleet) -> SafeString:
    """How long ago VPS.org was asked, as the element that panel.js keeps up to date."""
    when = fleet.checked_at.isoformat(timespec="seconds")
    return format_html(
        '<time id="age" datetime="{}" data-seconds="{}">{}</time>', when, fleet.age, age(fleet.age)
    )


@register.filter
def duration(seconds: float) -> str:
    """ "41 seconds", "3 minutes", "2 hours"."""
    number, unit = in_units(round(seconds))
    return _together(format_unit(number, f"duration-{unit}", length="long", locale=spoken()))


def in_units(seconds: int) -> tuple[int, str]:
    """Whole seconds, minutes or hours, the largest of which there is one."""
    if seconds < 60:
        return seconds, "second"
    if seconds < 60 * 60:
        return seconds // 60, "minute"
    return seconds // 3600, "hour"


@register.filter
def clock(at: datetime) -> str:
    """ "14:02", in the person's time zone."""
    return date_format(timezone.localtime(at), "TIME_FORMAT")


@register.filter
def seen_as(action: str) -> Words:
    """ "seen stopped": how a change of this kind is seen done."""
    return SEEN[action]


@register.filter
def step_shape(step: Step) -> str:
    """The shape of a step of a bulk run."""
    shapes = {
        Step.State.WAITING: "waiting",
        Step.State.DOING: "changing",
        Step.State.ACCEPTED: "running",
        Step.State.UNKNOWN: "unknown",
    }
    return shapes.get(Step.State(step.state), "stopped")


@register.filter
def browser(user_agent: str) -> str:
    """ "Firefox on Windows"."""
    return browsers.in_words(user_agent)


@register.filter
def outcome_shape(outcome: str) -> str:
    """The shape of an outcome of the activity log, from those that states have."""
    shapes = {
        Activity.Outcome.SENT: "waiting",
        Activity.Outcome.ACCEPTED: "changing",
        Activity.Outcome.DONE: "running",
        Activity.Outcome.REFUSED: "stopped",
        Activity.Outcome.UNKNOWN: "unknown",
    }
    return shapes.get(Activity.Outcome(outcome), "unknown")


def _together(words: str) -> str:
    """The same words, never broken into two lines."""
    return words.replace(" ", "\u00a0")


def _number(amount: float) -> str:
    rounded = round(amount, 1)
    return number_format(int(rounded) if rounded == int(rounded) else rounded)
