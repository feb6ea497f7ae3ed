"""An answer that says no: which error it is, what of its text is kept, and how long it asks to wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.remote import errors
from servers.remote.errors import RemoteError, pause_before_repeat, plain, read_error_body, retry_after
from servers.remote.transport import Api
from servers.simulator import Simulator
from tests.conftest import TOKEN
from tests.unit.nine import NINE, READS, every_request

Says = Callable[..., None]

EVERYWHERE = {
    401: errors.KeyRefused,
    402: errors.NotEnoughCredit,
    403: errors.NotAllowed,
    404: errors.Gone,
    409: errors.WrongState,
    410: errors.Gone,
    418: errors.NotUnderstood,
    422: errors.FieldsWrong,
    429: errors.WaitFirst,
    500: errors.Failed,
    501: errors.Failed,
    599: errors.Failed,
    304: errors.NotUnderstood,
}


ELSEWHERE: dict[tuple[str, int], type[RemoteError]] = {
    (name, 422): errors.WrongState for name in ("delete", "start", "stop", "reboot")
}
# A question has no fields and meets no state.
ELSEWHERE |= {(name, status): errors.NotUnderstood for name in READS for status in (409, 422)}
# What is not there when all servers are asked for, or a new one, is no server.
ELSEWHERE |= {(name, status): errors.NotUnderstood for name in ("list", "create") for status in (404, 410)}


@every_request
@pytest.mark.parametrize("status", EVERYWHERE)
def test_each_status_is_one_error(api: Api, simulator: Simulator, says: Says, name: str, status: int) -> None:
    says({"detail": "No."}, status=status)
    with pytest.raises(RemoteError) as caught:
        NINE[name].call(api)
    assert type(caught.value) is ELSEWHERE.get((name, status), EVERYWHERE[status])
    assert caught.value.status == status
    assert caught.value.said == ("" if status == 304 else "No.")
    assert simulator.lines == [NINE[name][1:]]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("start", errors.WrongState),
        ("stop", errors.WrongState),
        ("reboot", errors.WrongState),
        ("list", errors.NotUnderstood),
        ("detail", errors.NotUnderstood),
        ("delete", errors.WrongState),
        ("create", errors.FieldsWrong),
        ("replace", errors.FieldsWrong),
        ("change", errors.FieldsWrong),
    ],
)
def test_400_is_wrong_fields_where_there_are_fields_and_a_wrong_state_of_a_server_elsewhere(
    api: Api, says: Says, name: str, kind: type[RemoteError]
) -> None:
    says({"name": ["Taken."]}, status=400)
    with pytest.raises(RemoteError) as caught:
        NINE[name].call(api)
    assert type(caught.value) is kind
    assert caught.value.fields == {"name": ["Taken."]}


@pytest.mark.parametrize("kind", RemoteError.__subclasses__())
def test_an_answer_that_says_no_has_changed_nothing_and_a_lost_one_may_have(kind: type[RemoteError]) -> None:
    may_have_changed = (errors.NoAnswer, errors.Failed, errors.NotUnderstood)
    assert kind.outcome_known == (kind not in may_have_changed)


@pytest.mark.parametrize(
    ("body", "said", "fields"),
    [
        (b'{"detail": "No."}', "No.", {}),
        (b'{"message": "No."}', "No.", {}),
        (b'{"error": "No."}', "No.", {}),
        (b'{"errors": "No."}', "No.", {}),
        (b'{"errors": ["No.", "Never."]}', "No. Never.", {}),
        (b'{"error": {"code": 7, "message": "No."}}', "No.", {}),
        (b'{"errors": {"name": ["Taken."]}}', "", {"name": ["Taken."]}),
        (b'{"errors": [{"detail": "No."}]}', "No.", {}),
        (b'{"name": ["Taken."], "hostname": "Bad."}', "", {"name": ["Taken."], "hostname": ["Bad."]}),
        (b'{"non_field_errors": ["No."], "name": ["Taken."]}', "No.", {"name": ["Taken."]}),
        (b'{"status": "error", "code": "x", "success": false, "message": "No."}', "No.", {}),
        (b'{"name": []}', "", {}),
        (b'["No.", "Never."]', "No. Never.", {}),
        (b'"No."', "No.", {}),
        (b"No.", "No.", {}),
        (b"<html><head><title>502 Bad Gateway</title></head><h1>x</h1></html>", "502 Bad Gateway", {}),
        (b"<p>No <b>way</b>.</p><script>alert(1)</script>", "No way .", {}),
        (b'{"detail": "<script>alert(1)</script>No."}', "No.", {}),
        (b'{"detail": "a\\r\\n\\u0000\\u001b[31mb\\u0085c"}', "a [31mb c", {}),
        (b'{"detail": "a\\u202eb\\u2066c\\u061cd"}', "a b c d", {}),
        ("இல்லை".encode(), "இல்லை", {}),
        (b"\xff\xfe", "\ufffd\ufffd", {}),
        (b"", "", {}),
        (b"null", "", {}),
        (b"17", "", {}),
        (b"{", "{", {}),
        (b"[" * 50_000, None, {}),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, bytes) else "",
)
def test_it_reads_an_error_in_any_of_the_usual_shapes(
    body: bytes, said: str | None, fields: dict[str, list[str]]
) -> None:
    text, by_field = read_error_body(body, "")
    assert by_field == fields
    assert len(text) <= 300 if said is None else text == said


def test_an_html_page_is_told_by_its_content_type(api: Api, says: Says) -> None:
    says("Sorry <b>about</b> that", status=500, content_type="text/html; charset=utf-8")
    with pytest.raises(errors.Failed) as caught:
        NINE["stop"].call(api)
    assert caught.value.said == "Sorry about that"


@pytest.mark.parametrize(
    "body",
    [
        b'{"detail": "%s"}' % (b"x" * 900_000),
        b'{"detail": [%s]}' % b",".join([b'"%s"' % (b"y" * 1000)] * 900),
        b"z" * 5_000_000,
        b"<" * 5_000_000,
        b"<a " * 1_000_000,
        b"<script>" * 500_000,
        b'"%s"' % (b"<title" * 150_000),
        b"{%s}" % b",".join(b'"f%d": ["%s"]' % (n, b"v" * 400) for n in range(2000)),
        b'{"errors": {"errors": {"errors": {"errors": "No."}}}}',
    ],
    ids=["text", "texts", "plain", "brackets", "tags", "scripts", "titles", "fields", "nested"],
)
def test_what_is_kept_of_a_body_is_short(body: bytes) -> None:
    said, fields = read_error_body(body, "text/html" if body[:1] == b"<" else "")
    assert len(said) <= 300
    assert len(fields) <= 20
    assert all(len(name) <= 300 and len(texts) <= 5 for name, texts in fields.items())
    assert all(len(text) <= 300 for texts in fields.values() for text in texts)


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["", "text/html", "application/json"]))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_body_at_all_makes_it_fail(body: bytes, content_type: str) -> None:
    said, fields = read_error_body(body, content_type)
    assert len(said) <= 300
    assert all(plain(name) == name for name in fields)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("20", 20.0),
        (" 20 ", 20.0),
        ("0", 0.0),
        ("1000000000", 1e9),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("٢٠", None),
        ("9" * 400, None),
        ("Wed, 99 Foo 2015 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999", None),
    ],
    ids=lambda value: str(value)[:30],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_may_be_a_date_to_come() -> None:
    an_hour_on = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < (retry_after(an_hour_on) or 0) <= 3600


@given(st.text(st.characters(codec="latin-1")))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_retry_after_makes_it_fail(header: str) -> None:
    assert (retry_after(header) or 0) >= 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("20", 20), ("0", 1), ("60", 60), ("61", 60), ("1000000000", 60), ("-5", 60), ("soon", 60), (None, 60)],
)
@pytest.mark.parametrize("name", ["detail", "stop"])
def test_a_person_is_told_to_wait_a_minute_at_most(
    api: Api, simulator: Simulator, says: Says, name: str, header: str | None, seconds: int
) -> None:
    said = {"retry_after": header} if header else {}
    for _ in range(2):
        says(status=429, **said)
    with pytest.raises(errors.WaitFirst) as caught:
        NINE[name].call(api)
    assert caught.value.seconds == seconds


@pytest.mark.parametrize(
    ("status", "asked_to_wait", "pause"),
    [
        (502, None, 0.0),
        (503, None, 0.0),
        (504, None, 0.0),
        (503, 2.0, 2.0),
        (503, 2.1, None),
        (503, 1e9, None),
        (429, 1.0, 1.0),
        (429, 2.1, None),
        (429, None, None),
        (500, None, None),
        (500, 1.0, None),
        (501, None, None),
        (404, 1.0, None),
    ],
)
def test_a_question_is_repeated_after_a_passing_fault_or_a_short_wait(
    status: int, asked_to_wait: float | None, pause: float | None
) -> None:
    assert pause_before_repeat(status, asked_to_wait) == pause


@every_request
@pytest.mark.parametrize("status", [401, 500])
def test_an_error_holds_no_token(api: Api, says: Says, name: str, status: int) -> None:
    says({"detail": "No."}, status=status)
    with pytest.raises(RemoteError) as caught:
        NINE[name].call(api)
    assert TOKEN not in f"{caught.value!s} {caught.value!r} {caught.value.args} {vars(caught.value)}"
