"""What can be chosen when a server is created: what the account's servers use, and what a Manager has put down.

The API has no request for sizes, systems and locations, so that these two are all that the console can know.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .models import Offer
from .remote.objects import Server
from .templatetags.looks import Sized, figures, size


class Choice(NamedTuple):
    """One choice: the API's value, its name, how many servers use it; of a size also its amounts, each in
    words, and all in one line."""

    value: str
    name: str
    used: int = 0
    amounts: tuple[int, ...] = ()
    figures: tuple[str, ...] = ()
    spelled_out: str = ""


def offers(servers: Iterable[Server]) -> dict[str, list[Choice]]:
    """The choices by field of the API, what is most used first."""
    found: dict[str, dict[str, Choice]] = {kind: {} for kind in Offer.Kind.values}
    used: Counter[tuple[str, str]] = Counter()
    for server in servers:
        for kind, choice in _choices_of(server):
            found[kind].setdefault(choice.value, choice)
            used[kind, choice.value] += 1
    for offer in Offer.objects.all():
        found[offer.kind][offer.value] = _choice(
            offer.value, offer.name, offer if offer.kind == Offer.Kind.PLAN else None
        )
    return {
        kind: sorted(
            (choice._replace(used=used[kind, choice.value]) for choice in choices.values()),
            key=lambda choice: (-choice.used, choice.amounts, choice.name),
        )
        for kind, choices in found.items()
    }


def most_used(choices: list[Choice]) -> str:
    """The value that most servers have; empty when none of the choices is in use."""
    return choices[0].value if choices and choices[0].used else ""


def _choices_of(server: Server) -> Iterable[tuple[str, Choice]]:
    if server.plan is not None:
        yield Offer.Kind.PLAN, _choice(str(server.plan.id), server.plan.name, server.plan)
    if server.os is not None:
        yield Offer.Kind.SYSTEM, _choice(str(server.os.id), server.os.name)
    if server.location:
        yield Offer.Kind.LOCATION, _choice(server.location, server.location)


def _choice(value: str, name: str | None, plan: Sized | None = None) -> Choice:
    if plan is None:
        return Choice(value, name or value)
    amounts = tuple(amount or 0 for amount in (plan.vcpus, plan.memory, plan.storage))
    return Choice(value, name or value, amounts=amounts, figures=tuple(figures(plan)), spelled_out=size(plan))
