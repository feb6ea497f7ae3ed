"""What the bodies of create, replace and change must hold ("Request body parameters"), checked strictly."""

import json
import re
from collections.abc import Callable
from typing import Any

from .catalogue import LOCATIONS, PLANS, SSH_KEYS, SYSTEMS

NAME = re.compile(r"[A-Za-z0-9-]{1,63}")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z)({LABEL}\.)+{LABEL}")


class BadBody(Exception):
    """The body is refused; `errors` is the JSON object to answer with status 400."""

    def __init__(self, errors: dict[str, Any]) -> None:
        super().__init__(errors)
        self.errors = errors


def _name(value: object) -> str | None:
    if not isinstance(value, str):
        return "Not a valid string."
    return None if NAME.fullmatch(value) else "Use 1 to 63 letters, digits and hyphens."


def _hostname(value: object) -> str | None:
    if not isinstance(value, str):
        return "Not a valid string."
    return None if HOSTNAME.fullmatch(value) else "Not a fully qualified domain name."


def _backups_enabled(value: object) -> str | None:
    return None if isinstance(value, bool) else "Must be true or false."


def _location(value: object) -> str | None:
    if not isinstance(value, str):
        return "Not a valid string."
    return None if value in LOCATIONS else "There is no such location."


def _one_of(known: Callable[[int], bool]) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "A valid integer is required."
        return None if known(value) else "There is no object with this id."

    return check


CHANGEABLE: dict[str, Callable[[object], str | None]] = {
    "name": _name,
    "hostname": _hostname,
    "backups_enabled": _backups_enabled,
}
FIELDS: dict[str, dict[str, Callable[[object], str | None]]] = {
    "create": {
        **CHANGEABLE,
        "plan_id": _one_of(PLANS.__contains__),
        "os_id": _one_of(SYSTEMS.__contains__),
        "location": _location,
        "ssh_key_id": _one_of(SSH_KEYS.__contains__),
    },
    "replace": CHANGEABLE,
    "change": CHANGEABLE,
}
REQUIRED: dict[str, set[str]] = {
    "create": {"name", "plan_id", "os_id", "location"},
    "replace": set(CHANGEABLE),
    "change": set(),
}


def read_fields(request: str, body: bytes) -> dict[str, Any]:
    """The fields of a create, replace or change request. BadBody: no JSON, or a field is missing or wrong."""
    try:
        fields = json.loads(body)
    except ValueError:
        raise BadBody({"detail": "The body is not JSON."}) from None
    if not isinstance(fields, dict):
        raise BadBody({"detail": "The body is not a JSON object."})
    errors = {name: ["This field is required."] for name in sorted(REQUIRED[request] - fields.keys())}
    for name, value in fields.items():
        check = FIELDS[request].get(name)
        if problem := check(value) if check else "This field is not documented.":
            errors[name] = [problem]
    if errors:
        raise BadBody(errors)
    return fields
