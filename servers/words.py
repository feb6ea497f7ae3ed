"""What people read: the state of a server, and what came of a request to VPS.org. One word per thing.

The API's own words stay inside; everything here is marked for translation.
"""

from datetime import datetime
from typing import Final, NamedTuple

from babel import Locale
from babel.lists import format_list
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .models import Activity, Run
from .remote.errors import (
    Crowded,
    Failed,
    FieldsWrong,
    Gone,
    KeyRefused,
    NoAnswer,
    NotAllowed,
    NotEnoughCredit,
    NotReachable,
    NotUnderstood,
    RemoteError,
    WaitFirst,
    WrongState,
)

Words = str | Promise
Action = Activity.Action


class Status(NamedTuple):
    """A status as a word, with the line that helps to understand it and the name of its shape in the stylesheet."""

    word: Words
    help: Words
    shape: str


STATUSES: Final[dict[str, Status]] = {
    "active": Status(
        _("Running"),
        _("On, and reachable unless its own software has a problem."),
        "running",
    ),
    "stopped": Status(
        _("Stopped"),
        _("Switched off. Files are kept. It may still cost money."),
        "stopped",
    ),
    "suspended": Status(
        _("Suspended"),
        _("VPS.org or your account has put this server on hold. Starting may not work."),
        "suspended",
    ),
    "provisioning": Status(
        _("Being set up"),
        _("Usually 2 to 5 minutes. You can leave this page."),
        "changing",
    ),
    "starting": Status(_("Starting…"), "", "changing"),
    "stopping": Status(_("Stopping…"), _("Programs are being closed properly first."), "changing"),
    "rebooting": Status(_("Restarting…"), _("Off for a moment, then on again."), "changing"),
}

LONGEST_STATUS: Final = 30
"""Of a status that nobody knows so much is shown: a state stands at places that are narrow."""

GROUPS: Final[dict[str, Words]] = {"changing": _("Changing"), "unknown": _("Unknown")}
"""What several statuses are counted under, by the value of the list's filter (fleet.GROUPS)."""

WAITING: Final[dict[str, Words]] = {
    Action.START: _("Asked to start"),
    Action.STOP: _("Asked to stop"),
    Action.REBOOT: _("Asked to restart"),
    Action.EDIT: _("Asked to change"),
    Action.DELETE: _("Asked to delete"),
}

SEEN: Final[dict[str, Words]] = {
    Action.CREATE: _("seen set up"),
    Action.EDIT: _("seen changed"),
    Action.START: _("seen running"),
    Action.STOP: _("seen stopped"),
    Action.REBOOT: _("seen running again"),
    Action.DELETE: _("seen gone"),
}
"""How a change is said to have been seen done."""

POSSIBLE: Final[dict[str, tuple[str, ...]]] = {
    Action.START: ("stopped", "suspended"),
    Action.STOP: ("active",),
    Action.REBOOT: ("active",),
}
"""The statuses from which a power action makes sense; VPS.org decides."""


def spoken() -> Locale:
    """What the Unicode data know of the language that is spoken now: its relative times, units and lists."""
    return Locale.parse(get_language() or settings.LANGUAGE_CODE, sep="-")


def one_of(names: list[str]) -> str:
    """ "Anna, Ben, or Carl"."""
    return format_list(names, "or", locale=spoken())


def status_words(status: str) -> Status:
    """The words for a status of the API, the unknown ones included."""
    if status in STATUSES:
        return STATUSES[status]
    return Status(
        gettext("Unknown: “%(status)s”") % {"status": Truncator(status).chars(LONGEST_STATUS)},
        _("VPS.org reported a state that this console does not know."),
        "unknown",
    )


def waiting_words(action: str, at: datetime) -> Status:
    """The words for a server whose last change was sent and not answered."""
    time = date_format(timezone.localtime(at), "TIME_FORMAT")
    return Status(
        WAITING[action],
        gettext("Sent at %(time)s. Waiting for VPS.org to confirm.") % {"time": time},
        "waiting",
    )


def asked(action: str, name: str) -> str:
    """What is said when VPS.org has accepted a change."""
    sentences = {
        Action.START: gettext("Asked VPS.org to start %(name)s. This page will say when it is running."),
        Action.STOP: gettext("Asked VPS.org to stop %(name)s. This page will say when it is stopped."),
        Action.REBOOT: gettext(
            "Asked VPS.org to restart %(name)s. This page will say when it is running again."
        ),
        Action.CREATE: gettext("Asked VPS.org to create %(name)s. This page will say when it is running."),
        Action.EDIT: gettext("Saved the changes to %(name)s at VPS.org."),
        Action.DELETE: gettext("%(name)s was deleted for ever."),
    }
    return sentences[Action(action)] % {"name": name}


def asked_of_many(action: str, number: int) -> str:
    """The same change for many, as the words of a button: "Stop 7 servers"."""
    sentences = {
        Run.Action.START: ngettext("Start %(n)d server", "Start %(n)d servers", number),
        Run.Action.STOP: ngettext("Stop %(n)d server", "Stop %(n)d servers", number),
        Run.Action.REBOOT: ngettext("Restart %(n)d server", "Restart %(n)d servers", number),
        Run.Action.BACKUPS_ON: ngettext(
            "Switch on the backups of %(n)d server", "Switch on the backups of %(n)d servers", number
        ),
        Run.Action.BACKUPS_OFF: ngettext(
            "Switch off the backups of %(n)d server", "Switch off the backups of %(n)d servers", number
        ),
        Run.Action.DELETE: ngettext("Delete %(n)d server forever", "Delete %(n)d servers forever", number),
    }
    return sentences[Run.Action(action)] % {"n": number}


def cannot(action: str, status: str, name: str) -> str:
    """Why a power action makes no sense now, or an empty text if it does."""
    if status in POSSIBLE[action]:
        return ""
    words = {"name": name}
    if status in STATUSES and STATUSES[status].shape == "changing":
        return gettext("%(name)s is just changing. Wait until it has settled.") % words
    if status not in STATUSES:
        return gettext("VPS.org reports a state of %(name)s that this console does not know.") % words
    if action == Action.START:
        return gettext("%(name)s is already running.") % words
    if action == Action.STOP:
        return gettext("%(name)s is not running.") % words
    return gettext("%(name)s is not running, so it cannot restart.") % words


def is_protected(name: str) -> str:
    """Why a protected server is not stopped, restarted or deleted."""
    return gettext("%(name)s is protected. A Manager must lift the protection first.") % {"name": name}


def told(problem: RemoteError) -> str:
    """What a person is told about a problem: what happened to the server, and what to do."""
    words: dict[str, object] = {"name": problem.server_name or gettext("The server")}
    changing = bool(problem.action)
    match problem:
        case KeyRefused():
            return gettext("VPS.org refused your key. Nothing was changed.")
        case NotAllowed():
            return gettext("Your key is not allowed to do this. Nothing was changed.")
        case NotEnoughCredit() if problem.action != Action.CREATE:
            return gettext("Not enough credit at VPS.org. Nothing was changed.")
        case NotEnoughCredit():
            return gettext(
                "Not enough credit at VPS.org, so the server was not created. Your choices are kept."
            )
        case Gone():
            return (
                gettext("%(name)s no longer exists at VPS.org. It may have been deleted elsewhere.") % words
            )
        case WrongState():
            return _wrong_state(problem, words)
        case FieldsWrong():
            return gettext("VPS.org did not accept what was entered. Nothing was changed.")
        case Crowded():
            return gettext(
                "VPS.org is slow just now, and many are waiting for its answer."
                " Nothing was sent, so nothing was changed. Try again in a minute."
            )
        case WaitFirst():
            return ngettext(
                "VPS.org asks us to wait %(seconds)d second. Nothing was changed.",
                "VPS.org asks us to wait %(seconds)d seconds. Nothing was changed.",
                problem.seconds,
            ) % {"seconds": problem.seconds}
        case NotReachable():
            return gettext("VPS.org cannot be reached. Nothing was sent, so nothing was changed.")
        case NotUnderstood() if changing:
            return gettext(
                "VPS.org answered something this console does not understand. The change may have happened."
                " Do not press again: we are checking."
            )
        case NotUnderstood():
            return gettext("VPS.org answered something this console does not understand.")
        case Failed() if changing:
            return gettext(
                "VPS.org reported a fault of its own. We do not know yet whether it did this."
                " Do not press again: we are checking."
            )
        case Failed():
            return gettext("VPS.org reported a fault of its own. Try again in a minute.")
        case NoAnswer() if changing:
            return gettext(
                "We do not know yet whether VPS.org got this. Do not press again: we are checking."
            )
        case _:
            return gettext("VPS.org did not answer.")


def _wrong_state(problem: WrongState, words: dict[str, object]) -> str:
    action = problem.action
    if problem.server_status in STATUSES and STATUSES[problem.server_status].shape == "changing":
        return gettext("%(name)s is just changing. Wait until it has settled.") % words
    if problem.status == 400 and action == Action.START:
        return gettext("%(name)s is already running. Nothing was changed.") % words
    if problem.status == 400 and action == Action.STOP:
        return gettext("%(name)s is not running. Nothing was changed.") % words
    if problem.status == 400 and action == Action.REBOOT:
        return gettext("%(name)s is not running, so it cannot restart.") % words
    return gettext("VPS.org cannot do this with %(name)s just now. Nothing was changed.") % words
