"""How a request travels: who it can reach, what it takes along, when it ends, and whether it goes twice."""

import ast
import base64
import gzip
import logging
from collections.abc import Callable
from contextlib import nullcontext as does_not_raise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from django.views.debug import ExceptionReporter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from servers.remote import service
from servers.remote.errors import Failed, Gone, NoAnswer, NotReachable, NotUnderstood, RemoteError, WaitFirst
from servers.remote.transport import Api, Call, Token, Transport
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.unit.conftest import Stranger
from tests.unit.nine import CHANGES, NINE, every_read, every_request
from tests.unit.nine import example as documented

Says = Callable[..., None]

NOT_THE_FORM = {
    "line-break": "vps_abcdefgh\r\nX-Evil: 1",
    "line-feed": "vps_abcdefgh\n",
    "nul": "vps_abcdefgh\0",
    "space": "vps_abcd efgh",
    "cyrillic": "vps_абвгдежз",
    "arabic-digits": "vps_٠١٢٣٤٥",
    "short": "vps_abc",
    "long": "v" * 256,
    "empty": "",
    "quote": 'vps_abcdefgh"',
    "slash": "vps_abcd/efgh",
}


@pytest.mark.parametrize("value", NOT_THE_FORM.values(), ids=NOT_THE_FORM.keys())
def test_a_token_cannot_break_out_of_its_header(value: str) -> None:
    with pytest.raises(ValueError, match=r"^not the form of an API token$"):
        Token(value)


def test_a_token_never_prints_itself(api: Api) -> None:
    token = api.token
    shown = [repr(token), str(token), f"{token}", f"{token!r:>40}", "%s" % token, repr(api), str([token])]  # noqa: UP031
    assert not any(TOKEN in text or TOKEN[4:] in text for text in shown)
    assert (token.reveal(), token.last_four) == (TOKEN, TOKEN[-4:])
    assert token == Token(TOKEN) != Token(TOKEN + "x")


BY_ID: dict[str, Callable[[Api, str], object]] = {
    "detail": service.get_server,
    "replace": lambda api, server_id: service.update_server(api, server_id, **documented("replace.request")),
    "change": lambda api, server_id: service.partially_update_server(api, server_id, {"name": "x"}),
    "delete": service.delete_server,
    "start": service.start_server,
    "stop": service.stop_server,
    "reboot": service.reboot_server,
}


@pytest.mark.parametrize("name", BY_ID)
@given(server_id=st.text(max_size=70) | st.from_regex(r"[A-Za-z0-9./%?#\\-]{1,70}", fullmatch=True))
@example(server_id="../servers")
@example(server_id="..")
@example(server_id="12345/stop")
@example(server_id="12345%2fstop")
@example(server_id="12345?x=1")
@example(server_id="12345#x")
@example(server_id="12345\r\nX-Evil: 1")
@example(server_id="12345\n")
@example(server_id="12345\0")
@example(server_id="")
@example(server_id="1" * 300)
@example(server_id="сервер")
@example(server_id="١٢٣")
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_an_id_reaches_its_own_server_or_nothing(
    api: Api, simulator: Simulator, name: str, server_id: str
) -> None:
    simulator.seen.clear()
    try:
        BY_ID[name](api, server_id)
    except ValueError:
        assert simulator.lines == []
    except RemoteError:
        pass
    command = name + "/" if name in ("start", "stop", "reboot") else ""
    assert simulator.lines in ([], [(NINE[name].method, f"/servers/{server_id}/{command}")])


def test_cookies_are_never_kept(api: Api, simulator: Simulator, says: Says) -> None:
    says(documented("detail"), set_cookie="session=of-somebody; Path=/")
    service.get_server(api, "12345")
    service.get_server(api, "12345")
    assert [seen.headers.get("cookie") for seen in simulator.seen] == [None, None]


def test_one_person_s_token_does_not_stay_for_the_next(api: Api, simulator: Simulator) -> None:
    simulator.add_account("vps_of_another")
    service.list_servers(api)
    service.list_servers(Api(api.transport, Token("vps_of_another")))
    sent = [seen.headers["authorization"] for seen in simulator.seen]
    assert sent == [f"Bearer {TOKEN}", "Bearer vps_of_another"]


def test_a_number_goes_along_as_a_header_and_none_where_there_is_none(api: Api, simulator: Simulator) -> None:
    service.list_servers(api)
    numbered = Api(api.transport, api.token, "01234-56789")
    simulator.faults.next("cut")
    service.list_servers(numbered)
    service.stop_server(numbered, "12345")
    assert [seen.headers.get("x-request-id") for seen in simulator.seen] == [None, *["01234-56789"] * 3]


@every_request
def test_a_request_says_what_it_takes_and_who_asks_and_no_more(
    api: Api, simulator: Simulator, name: str
) -> None:
    if name == "start":
        simulator.account().servers[12345].status = "stopped"
    NINE[name].call(api)
    of_the_connection = {"host", "connection", "content-length"}
    headers = {key: value for key, value in simulator.seen[0].headers.items() if key not in of_the_connection}
    assert headers == {
        "authorization": f"Bearer {TOKEN}",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "vps-console",
    }


def test_the_base_address_may_end_with_a_slash(base: str, simulator: Simulator) -> None:
    service.list_servers(Api(Transport(base + "/", deadline=2), Token(TOKEN)))
    assert simulator.lines == [("GET", "/servers/")]


def test_the_environment_s_netrc_and_proxies_do_not_count(
    base: str, simulator: Simulator, stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, stranger.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    service.list_servers(Api(Transport(base, deadline=1), Token(TOKEN)))
    assert simulator.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert stranger.came == []


def test_a_proxy_is_a_setting_of_its_own(base: str, simulator: Simulator, stranger: Stranger) -> None:
    stranger.answer = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"results":[]}'
    service.list_servers(Api(Transport(base, proxy=stranger.address, deadline=1), Token(TOKEN)))
    assert stranger.came[0].startswith(f"GET {base}/servers/ HTTP/1.1".encode())
    assert simulator.seen == []


@pytest.mark.parametrize("name", ["list", "stop"])
def test_a_proxy_that_is_not_there_or_does_not_let_through_means_that_nothing_was_sent(
    stranger: Stranger, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    stranger.answer = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
    for proxy in ("http://127.0.0.1:1", stranger.address):
        with pytest.raises(NotReachable, match=f"^{name}: "):
            NINE[name].call(Api(Transport("https://vps.invalid", proxy=proxy, deadline=5), Token(TOKEN)))
    assert [came.split()[:2] for came in stranger.came] == [[b"CONNECT", b"vps.invalid:443"]]
    assert TOKEN.encode() not in b"".join(stranger.came)


@every_request
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(
    api: Api, simulator: Simulator, stranger: Stranger, name: str, status: int
) -> None:
    simulator.faults.next("redirect", status=status, location=stranger.address + "/api/v1/servers/")
    with pytest.raises(NotUnderstood):
        NINE[name].call(api)
    assert simulator.lines == [NINE[name][1:]]
    assert stranger.came == []


@pytest.mark.parametrize(
    "location", ["http://[bad/", "\xff\xfe", "", "//", "javascript:x", "http://" + "a" * 300]
)
def test_a_redirect_to_no_address_is_not_understood(api: Api, simulator: Simulator, location: str) -> None:
    simulator.faults.next("redirect", location=location)
    with pytest.raises(NotUnderstood):
        service.get_server(api, "12345")


LIMIT = 1_000_000


@pytest.mark.parametrize("status", [200, 302, 400, 500])
@pytest.mark.parametrize("encoding", ["", "gzip", "gzip, gzip"])
def test_the_size_limit_holds_for_the_decoded_body(
    base: str, says: Says, caplog: pytest.LogCaptureFixture, status: int, encoding: str
) -> None:
    body = b" " * (4 * LIMIT)
    headers = {"location": "/elsewhere/"}
    for _ in filter(None, encoding.split(", ")):
        body, headers["content_encoding"] = gzip.compress(body), encoding
    says(body, status=status, **headers)
    api = Api(Transport(base, deadline=5, size_limit=LIMIT), Token(TOKEN))
    with pytest.raises(NotUnderstood):
        service.get_server(api, "12345")
    assert f"answer larger than {LIMIT} bytes" in caplog.text


def test_the_size_limit_is_the_largest_body_that_is_taken(base: str, says: Says) -> None:
    body = b'{"results":[]}'
    for more, error in ((0, does_not_raise()), (-1, pytest.raises(NotUnderstood))):
        says(body)
        with error:
            service.list_servers(Api(Transport(base, size_limit=len(body) + more, deadline=5), Token(TOKEN)))


def test_what_lies_beyond_the_size_limit_is_not_read(stranger: Stranger) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n"
    stranger.answer = head + b" " * (2 * LIMIT)  # and no more comes
    with pytest.raises(NotUnderstood, match=f"answer larger than {LIMIT} bytes"):
        service.list_servers(Api(Transport(stranger.address, deadline=5, size_limit=LIMIT), Token(TOKEN)))


@pytest.mark.parametrize("kind", ["big", "gzip_bomb"])
def test_the_usual_limit_is_32_megabytes(base: str, simulator: Simulator, kind: str) -> None:
    simulator.faults.next(kind, size_mb=40)
    with pytest.raises(NotUnderstood):
        service.list_servers(Api(Transport(base), Token(TOKEN)))


@pytest.mark.parametrize(
    "encoding", ["gzip", "deflate", ", ".join(["gzip"] * 30)], ids=["gzip", "deflate", "chain"]
)
def test_a_body_that_cannot_be_decoded_is_not_understood(api: Api, says: Says, encoding: str) -> None:
    says(b"not compressed at all", content_encoding=encoding)
    with pytest.raises(NotUnderstood):
        service.list_servers(api)


SLOW: dict[str, dict[str, Any]] = {
    "hang": {},
    "delay": {"seconds": 60},
    "slow_head": {"seconds": 0.1},
    "slow_body": {"seconds": 0.1},
}


@pytest.mark.parametrize("kind", SLOW)
@pytest.mark.parametrize("name", ["detail", "stop"])
def test_the_deadline_holds_for_the_whole_answer(
    base: str, simulator: Simulator, kind: str, name: str
) -> None:
    api = Api(Transport(base, deadline=1), Token(TOKEN))
    simulator.faults.next(kind, **SLOW[kind])
    began = monotonic()
    with pytest.raises(NoAnswer):
        NINE[name].call(api)
    assert monotonic() - began < 4
    assert simulator.lines == [NINE[name][1:]]


@pytest.mark.parametrize(("kind", "more"), [("hang", {}), ("slow_body", {"seconds": 60})])
def test_a_question_whose_answer_stands_still_is_not_asked_again(
    base: str, simulator: Simulator, kind: str, more: dict[str, Any]
) -> None:
    simulator.faults.next(kind, times=2, **more)
    began = monotonic()
    with pytest.raises(NoAnswer):
        service.get_server(Api(Transport(base, read_timeout=0.2, deadline=25), Token(TOKEN)), "12345")
    assert monotonic() - began < 20  # The deadline has not passed: it was the time-out of one read.
    assert len(simulator.seen) == 1


def test_a_repetition_counts_within_the_deadline(api: Api, simulator: Simulator) -> None:
    simulator.faults.next("cut")
    simulator.faults.next("hang")
    began = monotonic()
    with pytest.raises(NoAnswer):
        service.get_server(api, "12345")
    assert monotonic() - began < 4
    assert len(simulator.seen) == 2


def test_a_wait_that_goes_beyond_the_deadline_is_not_begun(
    api: Api, simulator: Simulator, says: Says
) -> None:
    says(status=503, retry_after="2")
    with pytest.raises(Failed):
        service.get_server(api, "12345")
    assert len(simulator.seen) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/api/v1", "http://does-not-exist.invalid/api/v1"])
@every_request
def test_without_a_connection_nothing_was_sent(name: str, address: str) -> None:
    with pytest.raises(NotReachable) as caught:
        NINE[name].call(Api(Transport(address, deadline=1), Token(TOKEN)))
    assert caught.value.outcome_known


FAULTS: dict[str, tuple[str, dict[str, Any], type[RemoteError], bool]] = {
    # what goes wrong: kind, details, the error if it goes on, whether a question is repeated
    "cut": ("cut", {}, NoAnswer, True),
    "cut-after-effect": ("cut_after_effect", {}, NoAnswer, True),
    "cut-body": ("cut_body", {}, NoAnswer, True),
    "502": ("status", {"status": 502}, Failed, True),
    "503": ("status", {"status": 503}, Failed, True),
    "504": ("status", {"status": 504}, Failed, True),
    "html-502": ("html", {}, Failed, True),
    "503-wait-0": ("status", {"status": 503, "headers": {"Retry-After": "0"}}, Failed, True),
    "429-wait-0": ("status", {"status": 429, "headers": {"Retry-After": "0"}}, WaitFirst, True),
    "503-wait-20": ("status", {"status": 503, "headers": {"Retry-After": "20"}}, Failed, False),
    "503-wait-1e9": ("status", {"status": 503, "headers": {"Retry-After": "1000000000"}}, Failed, False),
    "429": ("status", {"status": 429}, WaitFirst, False),
    "500": ("status", {"status": 500}, Failed, False),
    "500-wait-0": ("status", {"status": 500, "headers": {"Retry-After": "0"}}, Failed, False),
    "html-200": ("html", {"status": 200}, NotUnderstood, False),
    "redirect": ("redirect", {}, NotUnderstood, False),
}


@every_read
@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_is_repeated_once_where_that_helps(
    api: Api, simulator: Simulator, name: str, fault: str
) -> None:
    kind, details, error, repeated = FAULTS[fault]
    simulator.faults.next(kind, times=2, **details)
    with pytest.raises(error):
        NINE[name].call(api)
    assert simulator.lines == [NINE[name][1:]] * (2 if repeated else 1)
    simulator.faults.clear()
    simulator.faults.next(kind, **details)
    if repeated:
        NINE[name].call(api)
    else:
        with pytest.raises(error):
            NINE[name].call(api)


@pytest.mark.parametrize(
    ("name", "fault"),
    # The answer to a deletion has no body that could be cut.
    [(name, fault) for name in CHANGES for fault in FAULTS if (name, fault) != ("delete", "cut-body")],
)
def test_a_change_is_sent_once_whatever_goes_wrong(
    api: Api, simulator: Simulator, name: str, fault: str
) -> None:
    kind, details, error, _ = FAULTS[fault]
    if name == "start":
        simulator.account().servers[12345].status = "stopped"
    simulator.faults.next(kind, **details)
    if fault == "html-200" and name in ("replace", "change", "delete"):
        NINE[name].call(api)
    else:
        with pytest.raises(error) as caught:
            NINE[name].call(api)
        assert caught.value.outcome_known == (error is WaitFirst)
    assert simulator.lines == [NINE[name][1:]]


@every_request
@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("none", {}, "NotReachable"),
        ("cut", {}, "NoAnswer"),
        ("status", {"status": 403}, "NotAllowed (403)"),
        (
            "status",
            {"body": b"not compressed", "headers": {"Content-Encoding": "gzip"}},
            "NotUnderstood, answer not decoded",
        ),
        ("status", {"body": b"x" * 2000}, "NotUnderstood (500), answer larger than 1000 bytes"),
    ],
)
def test_the_log_says_which_request_had_which_problem(
    base: str,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    name: str,
    kind: str,
    more: dict[str, Any],
    said: str,
) -> None:
    if kind != "none":
        simulator.faults.next(kind, times=2, **more)
    address = "http://127.0.0.1:1" if kind == "none" else base
    with pytest.raises(RemoteError):
        NINE[name].call(Api(Transport(address, deadline=2, size_limit=1000), Token(TOKEN)))
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    what, took = line.rsplit(" after ", 1)
    assert what == f"{NINE[name].method} {name}: {said}"
    assert float(took.removesuffix(" ms")) < 60_000


def test_the_log_says_how_each_request_went(
    api: Api, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.faults.next("cut")
    with caplog.at_level(logging.INFO):
        service.get_server(api, "12345")
        service.stop_server(api, "12345")
    lines = [record.getMessage().split(" after ") for record in caplog.records if "servers" in record.name]
    assert [line[0] for line in lines] == [
        "GET detail: NoAnswer, asked once more",
        "GET detail: 200",
        "POST stop: 200",
    ]
    assert all(0 <= float(line[1].removesuffix(" ms")) < 60_000 for line in lines[1:])


def test_each_call_that_ended_is_told_and_what_was_last_heard_follows_from_it(
    base: str, simulator: Simulator
) -> None:
    calls: list[Call] = []
    api = Api(Transport(base, deadline=5, told=calls.append), Token(TOKEN))
    heard = [api.transport.heard().answers]
    simulator.latency = 0.1
    service.get_server(api, "12345")
    simulator.latency = 0
    heard.append(api.transport.heard().answers)
    for status, error in ((500, Failed), (404, Gone)):
        simulator.faults.next("status", status=status)
        with pytest.raises(error):
            service.stop_server(api, "12345")
        heard.append(api.transport.heard().answers)
    assert [(call.request, call.outcome, call.status) for call in calls] == [
        ("detail", "answered", 200),
        ("stop", "Failed", 500),
        ("stop", "Gone", 404),
    ]
    assert 100 <= calls[0].milliseconds < 60_000
    assert heard == [None, True, False, True]


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
def test_the_key_is_taken_out_of_a_text_as_it_is_and_in_base64(
    before: bytes, encode: Callable[[bytes], bytes]
) -> None:
    token = Token(TOKEN)
    assert token.taken_out_of(b"<" + TOKEN.encode() + b">") == b"<(the key)>"
    text = encode(before + TOKEN.encode() + b"xyz")
    rest = token.taken_out_of(text).split(b"(the key)")
    assert len(rest) == 2
    # Six bits a letter: at each end one letter is shared with what stands beside the key.
    assert len(text) - sum(map(len, rest)) >= len(TOKEN) * 8 // 6 - 1


@every_request
@pytest.mark.parametrize("kind", ["cut", "html", "redirect"])
def test_no_log_line_holds_the_token(
    api: Api, simulator: Simulator, caplog: pytest.LogCaptureFixture, name: str, kind: str
) -> None:
    simulator.faults.next(kind, times=2)
    with caplog.at_level(logging.DEBUG):
        try:
            NINE[name].call(api)
        except RemoteError as problem:
            logging.getLogger("a view").exception("it failed: %r", problem)
    assert caplog.records
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("package", ["remote", "simulator"])
def test_it_imports_no_django(package: str) -> None:
    files = sorted((Path(service.__file__).parents[1] / package).glob("*.py"))
    assert len(files) > 3
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Import():
                    modules = [name.name for name in node.names]
                case ast.ImportFrom(level=0 | 1, module=module):
                    modules = [module or ""]
                case ast.ImportFrom():
                    raise AssertionError(f"{file.name} imports from above its package")
                case _:
                    continue
            assert not any(module.split(".")[0] in ("django", "servers", "vpspanel") for module in modules)


def test_no_report_of_an_error_prints_the_key(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a fault of our own")

    monkeypatch.setattr(api.transport._session, "request", fail)
    with pytest.raises(RuntimeError) as caught:
        service.get_server(api, "12345")
    page = ExceptionReporter(None, caught.type, caught.value, caught.tb).get_traceback_html()
    assert "_send_once" in page
    assert api.token.reveal() not in page
