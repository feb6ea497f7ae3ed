"""What can be chosen when a server is created: what the account's servers use, and what a Manager has put down.

The API has no request for sizes, systems and locations, so that these two are all that the console can know.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from .models import Offer
from .remote.objects import Server
from .templatetags.looks import size


class Choice(NamedTuple):
    """One choice: the API's value, its name, what it means, and how many servers use it."""

    value: str
    name: str
    meaning: str = ""
    used: int = 0


def offers(servers: Iterable[Server]) -> dict[str, list[Choice]]:
    """The choices by field of the API, what is most used first."""
    found: dict[str, dict[str, Choice]] = {kind: {} for kind in Offer.Kind.values}
    used: Counter[tuple[str, str]] = Counter()
    for server in servers:
        for kind, choice in _choices_of(server):
            found[kind].setdefault(choice.value, choice)
            used[kind, choice.value] += 1
    for offer in Offer.objects.all():
        found[offer.kind][offer.value] = Choice(offer.value, offer.name, size(offer))
    return {
        kind: sorted(
            (choice._replace(used=used[kind, choice.value]) for choice in choices.values()),
            key=lambda choice: (-choice.used, choice.name),
        )
        for kind, choices in found.items()
    }


def _choices_of(server: Server) -> Iterable[tuple[str, Choice]]:
    if server.plan is not None:
        plan = server.plan
        yield (
            Offer.Kind.PLAN,
            Choice(str(plan.id), plan.name or str(plan.id), size(plan)),
        )
    if server.os is not None:
        yield (
            Offer.Kind.SYSTEM,
            Choice(str(server.os.id), server.os.name or str(server.os.id)),
        )
    if server.location:
        yield Offer.Kind.LOCATION, Choice(server.location, server.location)
