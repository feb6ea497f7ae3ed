"""What VPS.org answers, as frozen values: complete, or a different type.

Units are not documented; from the figures: `memory` in MB, `storage` and `bandwidth` in GB, `cpu_percent` 0-100.
Only `id`, `name` and `status` are demanded. A missing field and a null are the same; extra fields are ignored;
a wrong type is refused by msgspec, whose message names the field and never the value.

Every text is one that can be shown (`one_line`), so that no page, file or line of the log has to see to it.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

SERVER_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

LONGEST_TEXT = 300
UNSEEN = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""What breaks a line, or turns the writing around it, and is not seen itself."""
_UNSEEN = re.compile(f"[{UNSEEN}]")

CHANGING = frozenset({"provisioning", "starting", "stopping", "rebooting"})
"""The documented statuses that pass by themselves."""

# What is larger could be read, but not be kept in the cache with the other servers.
Number = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


def one_line(text: str) -> str:
    """`text` with a sign that can be seen for each control or direction character, 300 characters at most."""
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    return text if text.isprintable() else _UNSEEN.sub("\ufffd", text)


class Shown(msgspec.Struct, frozen=True):
    """A part of an answer that people read."""

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            if isinstance(text := getattr(self, field), str) and (shown := one_line(text)) is not text:
                msgspec.structs.force_setattr(self, field, shown)


class Plan(Shown, frozen=True):
    id: Number | str
    name: str | None = None
    vcpus: Amount | None = None
    memory: Amount | None = None
    storage: Amount | None = None
    bandwidth: Amount | None = None


class System(Shown, frozen=True):
    id: Number | str
    name: str | None = None


class Usage(msgspec.Struct, frozen=True):
    cpu_percent: float | None = None
    memory_used: float | None = None
    disk_used: float | None = None
    bandwidth_used: float | None = None


class Server(Shown, frozen=True):
    """An entry of "List all servers". Ids are opaque: integers in the documentation, kept as text here.

    A name in which nothing is to be seen could not be read or pressed: the id stands for it.
    """

    id: str | int
    name: str
    status: str
    hostname: str | None = None
    ip_address: str | None = None
    location: str | None = None
    plan: Plan | None = None
    os: System | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    def __post_init__(self) -> None:
        if not SERVER_ID.fullmatch(str(self.id)):
            raise ValueError("id is not letters, digits and hyphens")
        super().__post_init__()
        if not isinstance(self.id, str):
            msgspec.structs.force_setattr(self, "id", str(self.id))
        if not any(character.isprintable() and character != " " for character in self.name):
            msgspec.structs.force_setattr(self, "name", str(self.id))
        for field in ("created_at", "updated_at"):
            moment = getattr(self, field)
            if moment is not None and not 1 < moment.year < 9999:
                raise ValueError(f"{field} is a date that not every time zone has")
            if moment is not None and moment.tzinfo is None:
                msgspec.structs.force_setattr(self, field, moment.replace(tzinfo=UTC))

    @property
    def changing(self) -> bool:
        """Whether the status is one that passes by itself."""
        return self.status in CHANGING


class ServerDetail(Server, frozen=True):
    """The answer to "Get server details", and to replace and change where they answer with a server."""

    ipv6_address: str | None = None
    backups_enabled: bool | None = None
    resource_usage: Usage | None = None

    @classmethod
    def from_list(cls, server: Server) -> "ServerDetail":
        """What an entry of the list tells of the server; the rest is not known."""
        return cls(**{field: getattr(server, field) for field in Server.__struct_fields__})

    def listed(self) -> Server:
        """The same server as an entry of the list."""
        return Server(**{field: getattr(self, field) for field in Server.__struct_fields__})


class CreatedServer(ServerDetail, frozen=True):
    """The answer to "Create a new server"."""

    message: str = ""


class PoweredServer(Shown, frozen=True):
    id: str | int
    name: str
    status: str


class PowerAnswer(msgspec.Struct, frozen=True):
    """The answer to start, stop and reboot: three fields of the server only."""

    server: PoweredServer
    message: str = ""
    status: str = ""


class ServerList(msgspec.Struct, frozen=True):
    """All that "List all servers" gave: `count` is what VPS.org says there is, `hidden` how many entries could not
    be read, `complete` whether every page was followed."""

    servers: tuple[Server, ...]
    count: int
    hidden: int = 0
    complete: bool = True


class ListPage(msgspec.Struct, frozen=True):
    """One answer of "List all servers"; `next` is not documented and followed if it comes."""

    results: list[msgspec.Raw]
    count: Number | None = None
    next: str | None = None


class NewServer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of "Create a new server". Optional fields that are None are not sent."""

    name: str
    plan_id: int
    os_id: int
    location: str
    hostname: str | None = None
    ssh_key_id: int | None = None
    backups_enabled: bool = False


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a body as JSON types, without what was left at its default."""
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return fields
