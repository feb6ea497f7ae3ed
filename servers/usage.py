"""What a server uses of what it has, as meters with units."""

from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext

from .remote.objects import ServerDetail
from .templatetags.looks import gigabytes, megabytes
from .words import Words


class Meter(NamedTuple):
    """One meter: `used` of `limit` in the same unit, and the same as words."""

    label: Words
    used: float
    limit: float
    words: str

    @property
    def high(self) -> float:
        """From here on the meter warns."""
        return self.limit * 0.85


def meters(server: ServerDetail) -> list[Meter]:
    """The meters for the figures that VPS.org gave. Units are not documented: see `remote.objects`."""
    usage, plan = server.resource_usage, server.plan
    if usage is None:
        return []
    found = []
    if usage.cpu_percent is not None:
        words = gettext("%(percent)s %% used") % {"percent": number_format(round(usage.cpu_percent, 1))}
        found.append(Meter(gettext("Processor"), usage.cpu_percent, 100, words))
    amounts = (
        (
            gettext("Memory"),
            usage.memory_used,
            plan.memory if plan else None,
            megabytes,
        ),
        (gettext("Disk"), usage.disk_used, plan.storage if plan else None, gigabytes),
        (
            gettext("Traffic"),
            usage.bandwidth_used,
            plan.bandwidth if plan else None,
            gigabytes,
        ),
    )
    for label, used, limit, unit in amounts:
        if used is not None and limit:
            words = gettext("%(used)s of %(limit)s used") % {
                "used": unit(used),
                "limit": unit(limit),
            }
            found.append(Meter(label, used, limit, words))
        elif used is not None:
            found.append(
                Meter(
                    label,
                    used,
                    used or 1,
                    gettext("%(used)s used") % {"used": unit(used)},
                )
            )
    return found
