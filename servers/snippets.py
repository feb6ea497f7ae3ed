"""A request to VPS.org as code to copy: cURL, Python, JavaScript and PHP, as the API's documentation writes them.

Text only: nothing here knows a key. Where one belongs stands `YOUR_API_TOKEN`.
"""

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlencode

from .remote.transport import server_path

KEY: Final = "YOUR_API_TOKEN"
Value = str | int | bool


@dataclass(frozen=True)
class Request:
    """One of the nine documented requests: `path` is below the base address; no body is sent where `body` is empty."""

    method: str
    path: str
    body: dict[str, Value] = field(default_factory=dict)


class Snippet(NamedTuple):
    """The same request in one language; `name` is the language's name in the stylesheet."""

    name: str
    language: str
    code: str


def list_servers(status: str = "", location: str = "") -> Request:
    """ "List all servers" with its two filters."""
    filters = {name: value for name, value in (("status", status), ("location", location)) if value}
    return Request("GET", "/servers/" + ("?" + urlencode(filters) if filters else ""))


def create_server(fields: dict[str, Value]) -> Request:
    """ "Create a new server"."""
    return Request("POST", "/servers/", fields)


def on_server(server_id: str, action: str, fields: dict[str, Value] | None = None) -> Request:
    """A request about one server: `detail`, `start`, `stop`, `reboot`, `replace`, `change` or `delete`."""
    methods = {"detail": "GET", "replace": "PUT", "change": "PATCH", "delete": "DELETE"}
    if method := methods.get(action):
        return Request(method, server_path(server_id), fields or {})
    return Request("POST", server_path(server_id, action))


def snippets(base_url: str, request: Request) -> tuple[Snippet, ...]:
    """The request in the four languages, in the documentation's order. `base_url` ends without a slash."""
    address = base_url + request.path
    return (
        Snippet("curl", "cURL", _curl(address, request)),
        Snippet("python", "Python", _python(address, request)),
        Snippet("javascript", "JavaScript", _javascript(address, request)),
        Snippet("php", "PHP", _php(address, request)),
    )


def _curl(address: str, request: Request) -> str:
    parts = [
        f"curl -X {request.method} {shlex.quote(address)}",
        f'-H "Authorization: Bearer {KEY}"',
        '-H "Content-Type: application/json"',
    ]
    if request.body:
        # JSON has its line breaks escaped, so that those in it are the indentation's alone.
        body = json.dumps(request.body, indent=2).replace("\n", "\n  ")
        parts.append(f"-d {shlex.quote(body)}")
    return " \\\n  ".join(parts)


def _python(address: str, request: Request) -> str:
    lines = [
        "import requests",
        "",
        f"url = {_python_value(address)}",
        "headers = {",
        f'    "Authorization": "Bearer {KEY}",',
        '    "Content-Type": "application/json",',
        "}",
    ]
    if request.body:
        fields = [f'    "{name}": {_python_value(value)},' for name, value in request.body.items()]
        lines += ["data = {", *fields, "}"]
    data = ", json=data" if request.body else ""
    answer = "response.status_code" if request.method == "DELETE" else "response.json()"
    lines += [
        "",
        f"response = requests.{request.method.lower()}(url, headers=headers{data})",
        f"print({answer})",
    ]
    return "\n".join(lines)


def _python_value(value: Value) -> str:
    # JSON writes what is outside of the Basic Multilingual Plane as two escapes, which Python does not join.
    return json.dumps(value) if isinstance(value, str) and value.isascii() else ascii(value)


def _javascript(address: str, request: Request) -> str:
    lines = [
        f"const response = await fetch({json.dumps(address)}, {{",
        f'  method: "{request.method}",',
        "  headers: {",
        f'    "Authorization": "Bearer {KEY}",',
        '    "Content-Type": "application/json"',
        "  }",
    ]
    if request.body:
        fields = ",\n".join(f"    {name}: {json.dumps(value)}" for name, value in request.body.items())
        lines[-1] += ","
        lines += ["  body: JSON.stringify({", fields, "  })"]
    answer = "response.status" if request.method == "DELETE" else "await response.json()"
    lines += ["});", "", f"console.log({answer});"]
    return "\n".join(lines)


def _php(address: str, request: Request) -> str:
    lines = []
    if request.body:
        fields = ",\n".join(f"    '{name}' => {_php_value(value)}" for name, value in request.body.items())
        lines += ["$data = [", fields, "];", ""]
    lines.append(f"$ch = curl_init({_php_value(address)});")
    if request.method != "GET":
        lines.append(f"curl_setopt($ch, CURLOPT_CUSTOMREQUEST, '{request.method}');")
    if request.body:
        lines.append("curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode($data));")
    lines += [
        "curl_setopt($ch, CURLOPT_HTTPHEADER, [",
        f"    'Authorization: Bearer {KEY}',",
        "    'Content-Type: application/json'",
        "]);",
        "curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);",
        "",
        "$response = curl_exec($ch);",
    ]
    if request.method == "DELETE":
        lines.append("echo curl_getinfo($ch, CURLINFO_HTTP_CODE);")
    else:
        lines.append("print_r(json_decode($response, true));")
    return "\n".join(lines)


def _php_value(value: Value) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if value.isprintable():
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return '"' + re.sub(r"[^A-Za-z0-9 .-]", lambda found: f"\\u{{{ord(found[0]):x}}}", value) + '"'
