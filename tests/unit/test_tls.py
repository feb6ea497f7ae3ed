"""Who gets to see the token where a name leads to somebody else's machine: only who has a certificate for that name."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from servers.remote.errors import NotReachable
from servers.remote.transport import Api, Token, Transport
from tests.conftest import TOKEN
from tests.unit.nine import NINE, every_request

NAME = "vps.test"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"results":[]}'


class Authority:
    """Signs certificates; `file` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "an authority of the tests")])
        self.file = folder / "authority.pem"
        own = self._certificate(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.file.write_bytes(own.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def certificate(self, name: str, age: timedelta = timedelta()) -> Path:
        """A file with a certificate for this name, a day long, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        made = self._certificate(subject, key, age).add_extension(names, False).sign(self._key, SHA256())
        file = self._folder / f"{name}.pem"
        written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(written + made.public_bytes(Encoding.PEM))
        return file

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, age: timedelta = timedelta()
    ) -> x509.CertificateBuilder:
        begin = datetime.now(UTC) - age - timedelta(hours=1)
        return x509.CertificateBuilder(
            self._name,
            subject,
            key.public_key(),
            x509.random_serial_number(),
            begin,
            begin + timedelta(days=1),
        )


class Machine(ThreadingTCPServer):
    """Answers everybody by TLS with one certificate; `came` is what it could read."""

    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        came: list[bytes] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                try:
                    with context.wrap_socket(self.request, server_side=True) as link:
                        came.append(link.recv(65536))
                        link.sendall(ANSWER)
                except OSError:  # whoever came does not trust the certificate
                    return

        self.came = came
        super().__init__(("127.0.0.1", 0), Handler)
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Machine]]:
    """Starts the machine to which the name of VPS.org leads."""
    started: list[Machine] = []
    resolve = socket.getaddrinfo

    def lead_there(host: Any, *args: Any, **kwargs: Any) -> Any:
        return resolve("127.0.0.1" if host == NAME else host, *args, **kwargs)

    def start(certificate: Path) -> Machine:
        monkeypatch.setattr(socket, "getaddrinfo", lead_there)
        started.append(Machine(certificate))
        return started[-1]

    yield start
    for one in started:
        one.shutdown()
        one.server_close()


def way_to(machine: Machine, trusted: Path | None) -> Api:
    transport = Transport(f"https://{NAME}:{machine.server_address[1]}/api/v1", deadline=5)
    if trusted:
        transport._session.verify = str(trusted)
    return Api(transport, Token(TOKEN))


def test_a_machine_with_a_certificate_for_the_name_gets_it(
    authority: Authority, machine: Callable[[Path], Machine]
) -> None:
    ours = machine(authority.certificate(NAME))
    NINE["list"].call(way_to(ours, authority.file))
    assert f"Authorization: Bearer {TOKEN}\r\n".encode() in ours.came[0]


@every_request
def test_a_machine_with_a_certificate_for_another_name_gets_nothing(
    authority: Authority, machine: Callable[[Path], Machine], name: str
) -> None:
    other = machine(authority.certificate("elsewhere.test"))
    with pytest.raises(NotReachable) as caught:
        NINE[name].call(way_to(other, authority.file))
    assert caught.value.outcome_known
    assert b"".join(other.came) == b""


def test_a_certificate_that_is_over_counts_for_nothing(
    authority: Authority, machine: Callable[[Path], Machine]
) -> None:
    other = machine(authority.certificate(NAME, age=timedelta(days=3)))
    with pytest.raises(NotReachable):
        NINE["list"].call(way_to(other, authority.file))
    assert b"".join(other.came) == b""


def test_an_authority_that_only_the_environment_names_counts_for_nothing(
    authority: Authority, machine: Callable[[Path], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))
    other = machine(authority.certificate(NAME))
    with pytest.raises(NotReachable):
        NINE["list"].call(way_to(other, None))
    assert b"".join(other.came) == b""
