"""`make_manager`: the first Manager, and the way back in."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from servers.management.commands import make_manager
from servers.simulator import Simulator
from tests.http.people import browser, page_of, trace

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db]

PASSWORD = "three words in a row"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed when a password is asked for, in this order."""
    answers = [PASSWORD, PASSWORD]
    monkeypatch.setattr(make_manager, "getpass", lambda prompt: answers.pop(0))
    return answers


def test_a_new_member_becomes_a_manager_with_the_password_that_is_typed(
    typed: list[str], simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("make_manager", "mia")
    assert capsys.readouterr().out == "mia is a Manager now, and can sign in.\n"
    mia = browser("mia", password=PASSWORD)
    assert mia.get("/members/").status_code == 200
    assert "the console's own machine" in mia.get("/members/").content.decode().replace("&#x27;", "'")
    assert trace() == ["role mia Manager"]


def test_who_is_there_already_becomes_one_and_is_switched_on_and_keeps_the_password(
    member: Callable[..., User], typed: list[str], simulator: Simulator
) -> None:
    otto = member("otto", "Operator")
    User.objects.filter(pk=otto.pk).update(is_active=False)
    call_command("make_manager", "Otto")
    assert list(otto.groups.values_list("name", flat=True)) == ["Manager"]
    assert browser("otto").get(page_of("otto")).status_code == 200
    assert len(typed) == 2
    assert trace() == ["role otto Operator Manager"]


@pytest.mark.parametrize(
    ("name", "answers", "sentence"),
    [
        ("mia", ["short", "short"], "too short"),
        ("mia", [PASSWORD, "another one entirely"], "The two passwords differ."),
        ("m ia", [PASSWORD, PASSWORD], "Enter a valid username."),
    ],
)
def test_what_will_not_do_makes_nobody(
    typed: list[str], name: str, answers: list[str], sentence: str
) -> None:
    typed[:] = answers
    with pytest.raises(CommandError, match=sentence):
        call_command("make_manager", name)
    assert not User.objects.exists()
