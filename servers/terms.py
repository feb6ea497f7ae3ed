"""What the words of the console mean, for who has never run a server: "What is this?" at each, and all on one page."""

from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from .models import Activity
from .words import STATUSES, Words

Outcome = Activity.Outcome


class Term(NamedTuple):
    """A word, and what it means in plain words."""

    word: Words
    meaning: Words


TERMS: Final[dict[str, Term]] = {
    "server": Term(
        _("Server"),
        _("A computer at VPS.org that is on day and night. Your websites and programs run on it."),
    ),
    "name": Term(
        _("Name"),
        _("What your team calls the server. Visitors of a website never see it."),
    ),
    "hostname": Term(
        _("Internet name (hostname)"),
        _(
            "The name that the server has on the internet, like web01.example.com. Whether visitors reach it"
            " under this name is settled where you keep your domain, not here."
        ),
    ),
    "ip_address": Term(
        _("IP address"),
        _("The server's number on the internet, like a telephone number. Other computers reach it by this."),
    ),
    "ipv6_address": Term(
        _("IPv6 address"),
        _("A second number of a newer, longer kind. Computers choose by themselves which one they use."),
    ),
    "location": Term(
        _("Location"),
        _("Where the server stands. Nearer to your visitors is faster. It cannot be changed later."),
    ),
    "size": Term(
        _("Size"),
        _("How much the server can do: its processors, memory and disk. More costs more."),
    ),
    "processor": Term(
        _("Processor"),
        _("Does the work. With more processors more is done at the same time."),
    ),
    "memory": Term(
        _("Memory"),
        _("Holds what programs work on just now. When it is full, everything becomes slow."),
    ),
    "disk": Term(
        _("Disk"),
        _("Keeps the files, also while the server is stopped. When it is full, programs fail."),
    ),
    "traffic": Term(
        _("Traffic"),
        _("What goes into the server and out of it over the internet."),
    ),
    "system": Term(
        _("System"),
        _("The software that all programs on the server need first, like Windows on a laptop."),
    ),
    "backups": Term(
        _("Automatic backups"),
        _("VPS.org copies the server regularly, so that what was deleted by mistake can be brought back."),
    ),
    "ssh_key": Term(
        _("Sign-in key (SSH key)"),
        _(
            "Lets a technical colleague sign in to the server itself, without a password."
            " It has a number at VPS.org: ask your colleague which one."
        ),
    ),
    "number": Term(
        _("Number at VPS.org"),
        _("By this number VPS.org knows the server. Its support may ask for it."),
    ),
    "protection": Term(
        _("Protection"),
        _("Keeps a server from being stopped, restarted or deleted by mistake until a Manager lifts it."),
    ),
    "tag": Term(
        _("Tag"),
        _(
            "A word of your own that keeps servers together, for example shop. Search for tag:shop to see them."
        ),
    ),
    "note": Term(
        _("Note"),
        _("What colleagues should know about a server before they stop, restart or delete it."),
    ),
    "key": Term(
        _("Key (API token)"),
        _(
            "A secret from VPS.org that lets this console see and change your servers."
            " Whoever has it can do the same, so show it to nobody."
        ),
    ),
    "role": Term(
        _("Role"),
        _(
            "What somebody may do here. A Viewer looks. An Operator also starts, stops, restarts and edits."
            " A Manager also creates and deletes servers, and keeps the members."
        ),
    ),
}

OUTCOMES: Final[tuple[Term, ...]] = (
    Term(Outcome.SENT.label, _("VPS.org was asked and has not answered yet.")),
    Term(Outcome.ACCEPTED.label, _("VPS.org said that it will do it. It was not seen done yet.")),
    Term(Outcome.DONE.label, _("The console looked afterwards, and so it was.")),
    Term(Outcome.REFUSED.label, _("VPS.org said no. Nothing was changed.")),
    Term(
        Outcome.UNKNOWN.label,
        _("No answer came, so it may or may not have happened. Look at the server before you do it again."),
    ),
)
"""How far a change has come."""

GROUPS: Final[tuple[tuple[Words, tuple[Term, ...]], ...]] = (
    (_("Servers"), tuple(TERMS[name] for name in list(TERMS)[: list(TERMS).index("protection")])),
    (_("Status"), tuple(Term(status.word, status.help) for status in STATUSES.values() if status.help)),
    (_("What your team adds"), tuple(TERMS[name] for name in ("protection", "tag", "note"))),
    (_("What became of a change"), OUTCOMES),
    (_("People"), tuple(TERMS[name] for name in ("key", "role"))),
)
"""Everything, as the page of words shows it."""
