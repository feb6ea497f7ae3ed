"""The simulator's HTTP side: requests in, answers out, and every way of getting that wrong."""

import contextlib
import json
import socket
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from ipaddress import IPv4Address
from socketserver import ThreadingTCPServer
from typing import Any

from . import api
from .api import Answer
from .faults import Fault, Faults
from .world import World

PREFIX = "/api/v1"
JSON = "application/json"
PROXY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived. `path` is below /api/v1, with its query; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def line(self) -> tuple[str, str]:
        """Method and path alone."""
        return self.method, self.path


class Listener(ThreadingTCPServer):
    """Listens on loopback, one daemon thread for each connection. ValueError: the host is not loopback."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        world: World,
        faults: Faults,
        seen: list[Seen],
        latency: Callable[[], float],
    ) -> None:
        if not IPv4Address(host).is_loopback:
            raise ValueError(f"the simulator listens on loopback alone, not on {host}")
        self.world = world
        self.faults = faults
        self.seen = seen
        self.latency = latency
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that gives up is what many tests are about; anything else is a mistake here, to be seen.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening, and cut the kept connections, which would be answered on otherwise."""
        self.shutdown()
        self.server_close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):  # the client may have been faster
                    connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection: takes its requests one after the other, each with its fault if one is queued."""

    server: Listener
    protocol_version = "HTTP/1.1"
    # Buffered and without Nagle's delay: head and body leave in one packet, or else each answer costs 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def take_request(self) -> None:
        """Record the request, then answer it, or do to it what the next fault says."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        target = self.path.removeprefix(PREFIX) if self.path.startswith(PREFIX + "/") else ""

        # Both before the request shows in `seen`: a test that waits for it there may then clear the faults.
        freed = self.server.faults.freed
        fault = self.server.faults.take(api.request_name(self.command, target))
        self.server.seen.append(Seen(self.command, target or self.path, headers, body))

        def perform() -> Answer:
            # Under the lock, so that what arrived before a reset cannot touch the new world.
            with self.server.world.lock:
                if freed.is_set():
                    raise ConnectionAbortedError("the faults were cleared")
                return api.answer(self.server.world, self.command, target, headers, body)

        freed.wait(self.server.latency())
        if fault is None:
            self._send(perform())
        else:
            self._go_wrong(fault, perform)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = take_request

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: what came is in `seen`."""

    def _go_wrong(self, fault: Fault, perform: Callable[[], Answer]) -> None:
        match fault.kind:
            case "delay":
                fault.freed.wait(fault.seconds)
                self._send(perform())
            case "hang" | "hang_after_effect" | "cut" | "cut_after_effect":
                if fault.kind.endswith("after_effect"):
                    perform()
                if fault.kind.startswith("hang"):
                    fault.freed.wait()
                self.close_connection = True
            case "cut_body":
                head, body = self._message(perform())
                self._write(head + body[: len(body) // 2])
                self.close_connection = True
            case "slow_head":
                head, body = self._message(perform())
                self._drip(head, fault)
                self._write(body)
            case "slow_body":
                head, body = self._message(perform())
                self._write(head)
                self._drip(body, fault)
            case "status":
                if fault.effect:
                    perform()
                self._send(Answer(fault.status, fault.body, fault.headers))
            case "body_204":
                self._write(self._head(204, {"Content-Type": JSON, "Content-Length": "2"}) + b"{}")
            case "html":
                title = f"{fault.status} {_phrase(fault.status)}"
                self._send(Answer(fault.status, PROXY_PAGE.format(title), {"Content-Type": "text/html"}))
            case "redirect":
                self._send(Answer(fault.status, "", {"Location": fault.location}))
            case "wrong_types":
                self._send(_with_wrong_fields(perform(), fault.fields))
            case "big":
                self._send_big(perform(), fault)
            case "gzip_bomb":
                self._send_gzip_bomb(perform(), fault)

    def _send(self, answer: Answer) -> None:
        head, body = self._message(answer)
        self._write(head + body)

    def _message(self, answer: Answer) -> tuple[bytes, bytes]:
        """Head and body as they go over the wire. A body that is text or bytes goes as it is."""
        if answer.body is None or answer.status in (204, 304):
            return self._head(answer.status, answer.headers), b""
        if isinstance(answer.body, str | bytes):
            content_type = "text/plain; charset=utf-8"
            body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        else:
            content_type = JSON
            body = json.dumps(answer.body).encode()
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **_titled(answer.headers)}
        return self._head(answer.status, headers), b"" if self.command == "HEAD" else body

    def _head(self, status: int, headers: Mapping[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} {_phrase(status)}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _write(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _drip(self, data: bytes, fault: Fault) -> None:
        for byte in data:
            if fault.freed.wait(fault.seconds):
                raise ConnectionAbortedError("the faults were cleared")
            self._write(bytes([byte]))

    def _send_big(self, answer: Answer, fault: Fault) -> None:
        headers = {"Content-Type": JSON, "Transfer-Encoding": "chunked"}
        self._write(self._head(_status_with_body(answer), headers))
        for piece in _padded(answer, fault.size_mb):
            if fault.freed.is_set():
                raise ConnectionAbortedError("the faults were cleared")
            self._write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self._write(b"0\r\n\r\n")

    def _send_gzip_bomb(self, answer: Answer, fault: Fault) -> None:
        compressor = zlib.compressobj(level=9, wbits=zlib.MAX_WBITS | 16)
        body = b"".join(compressor.compress(piece) for piece in _padded(answer, fault.size_mb))
        body += compressor.flush()
        headers = {"Content-Type": JSON, "Content-Encoding": "gzip", "Content-Length": str(len(body))}
        self._write(self._head(_status_with_body(answer), headers) + body)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def _titled(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}


def _status_with_body(answer: Answer) -> int:
    return 200 if answer.body is None else answer.status


def _padded(answer: Answer, size_mb: int) -> Iterator[bytes]:
    """The answer's JSON in pieces, with that many megabytes in a field at its end."""
    usual = json.dumps(answer.body or {"detail": ""}).encode()
    yield usual.removesuffix(b"}") + b', "padding": "'
    for _ in range(size_mb):
        yield b"x" * MEGABYTE
    yield b'"}'


def _with_wrong_fields(answer: Answer, fields: Mapping[str, Any]) -> Answer:
    """The answer with other values in its server; in a list, in the first row alone: the rest is sound."""
    if answer.body is None:
        return answer
    body = dict(answer.body)
    if body.get("results"):
        body["results"] = [{**body["results"][0], **fields}, *body["results"][1:]]
    elif "server" in body:
        body["server"] = {**body["server"], **fields}
    else:
        body.update(fields)
    return Answer(answer.status, body, answer.headers)
