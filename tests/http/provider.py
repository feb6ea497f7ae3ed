"""A stand-in for a provider of OpenID Connect on a real port. It checks what it is asked, and answers as told."""

import base64
import hashlib
import json
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings

ACCESS_TOKEN = "access-canary-8f3d1c7b2e"
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""A key that the provider does not have."""


class Provider(ThreadingHTTPServer):
    """At `issuer`; everybody who comes is `who`, who said yes to everything, unless a test changes it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.reset()

    def reset(self) -> None:
        """As at the beginning."""
        self.who = "248289761001"
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        """What a token says other than it should; None leaves it out."""
        self.header: dict[str, Any] = {}
        self.key: Any = None
        """Signs instead of the provider's own."""
        self.error = ""
        """What it says instead of a code."""
        self.instead: dict[str, tuple[int, bytes]] = {}
        """The answer to a path other than it should be: status and body."""
        self.leads: dict[str, str] = {}
        """Where a path leads, with all that was sent."""
        self.silent: set[str] = set()
        self.go_on = threading.Event()
        self.asked: list[str] = []
        self.questions: list[dict[str, str]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The console hangs up where it waits no longer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def visit(self, address: str) -> str:
        """What the browser of somebody does there: the path at the console that it is sent back to."""
        while urlsplit(address).port == self.server_address[1]:
            address = requests.get(address, allow_redirects=False, timeout=5).headers["Location"]
        return "?".join(urlsplit(address)[2:4])

    def configuration(self) -> dict[str, Any]:
        """What it says of itself."""
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in paths.items()}

    def keys(self) -> dict[str, Any]:
        """The public halves."""
        kinds: dict[str, Any] = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
        return {
            "keys": [
                kinds[name].to_jwk(key.public_key(), as_dict=True) | {"kid": name, "use": "sig", "alg": name}
                for name, key in KEYS.items()
            ]
        }

    def id_token(self, question: dict[str, str]) -> str:
        """Who it is, signed."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.who,
            "aud": question["client_id"],
            "nonce": question["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        key = KEYS[self.algorithm] if self.key is None else self.key
        named = {"kid": self.algorithm} | self.header
        header = {name: value for name, value in named.items() if value is not None}
        body = jwt.api_jws.encode(json.dumps(said).encode(), key, header.pop("alg", self.algorithm), header)
        self.tokens.append(body)
        return body


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *args: object) -> None:
        """Says nothing on standard error."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, urlsplit(self.path).query
        if self._told(path):
            return
        match path:
            case "/.well-known/openid-configuration":
                self._json(self.server.configuration())
            case "/authorize":
                # By way of another host, as where a provider asks yet another one.
                self._lead(f"http://localhost:{self.server.server_address[1]}/yes?{query}")
            case "/yes":
                self._yes({name: values[0] for name, values in parse_qs(query).items()})
            case "/keys":
                self._json(self.server.keys())
            case _:
                self._json({}, 404)

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if self._told(self.path):
            return
        form = {name: values[0] for name, values in sent.items()}
        question = self.server.codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        client = settings.SINGLE_SIGN_ON
        if (
            question is None
            or base64.urlsafe_b64encode(proof).decode().rstrip("=") != question["code_challenge"]
            or form.get("redirect_uri") != question["redirect_uri"]
            or (form.get("client_id"), form.get("client_secret"))
            != (client["CLIENT_ID"], client["CLIENT_SECRET"])
        ):
            self._json({"error": "invalid_grant"}, 400)
            return
        self._json({"access_token": ACCESS_TOKEN, "id_token": self.server.id_token(question)})

    def _told(self, path: str) -> bool:
        """Whether a test wants another answer than the right one."""
        self.server.asked.append(path)
        if path in self.server.silent:
            self.server.go_on.wait(20)
        if path in self.server.leads:
            self._lead(self.server.leads[path], 307)
            return True
        if path in self.server.instead:
            status, body = self.server.instead[path]
            self._answer(status, body)
            return True
        return False

    def _yes(self, question: dict[str, str]) -> None:
        self.server.questions.append(question)
        code = secrets.token_urlsafe(8)
        self.server.codes[code] = question
        said = (
            {"error": self.server.error, "error_description": "<b>no</b>"}
            if self.server.error
            else {"code": code}
        )
        self._lead(f"{question['redirect_uri']}?{urlencode(said | {'state': question['state']})}")

    def _lead(self, address: str, status: int = 302) -> None:
        self.send_response(status)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, body: object, status: int = 200) -> None:
        self._answer(status, json.dumps(body).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[Provider]:
    """One that answers while the block runs."""
    with Provider() as provider:
        threading.Thread(target=provider.serve_forever, args=[0.02], daemon=True).start()
        yield provider
        provider.go_on.set()
        provider.shutdown()
