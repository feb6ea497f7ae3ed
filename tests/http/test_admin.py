"""Django's admin as the place for the catalogue: Managers enter, and find no members there to change."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from servers.models import Offer
from tests.conftest import PASSWORD
from tests.http.pages import read
from tests.http.people import browser

pytestmark = pytest.mark.usefixtures("clock")

PAGES = ["/admin/", "/admin/servers/offer/", "/admin/servers/offer/add/"]


@pytest.mark.parametrize("address", PAGES)
def test_a_manager_enters(manager: Client, address: str) -> None:
    assert manager.get(address).status_code == 200


@pytest.mark.parametrize("role", ["Viewer", "Operator", ""])
@pytest.mark.parametrize("address", [*PAGES, "/admin/login/"])
def test_nobody_else_enters_and_they_are_told_who_can(
    sign_in: Callable[..., Client], role: str, address: str
) -> None:
    sign_in("mia", "Manager", connected=False)
    client = sign_in("vera", role, connected=False)
    response = client.get(address, follow=True)
    assert response.status_code == 403
    assert "mia" in read(response).text
    if role:
        assert "Your role does not allow this. Managers can: mia." in read(response).text


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/"])
def test_who_signs_in_on_the_way_arrives(sign_in: Callable[..., Client], address: str) -> None:
    client = sign_in("mia", "Manager")
    client.post("/logout/")
    door = client.get(address, follow=True).request
    assert door["PATH_INFO"] == "/login/"
    response = client.post(
        f"/login/?{door['QUERY_STRING']}", {"login": "mia", "password": PASSWORD}, follow=True
    )
    assert (response.status_code, response.request["PATH_INFO"]) == (200, "/admin/")


def test_the_first_page_leads_to_the_catalogue(manager: Client) -> None:
    links = {link.attributes["href"] for link in read(manager.get("/admin/")).all("a")}
    assert "/admin/servers/offer/" in links


def test_every_page_of_it_is_closed_to_operators(operator: Client) -> None:
    addresses = [
        reverse("admin:index"),
        reverse("admin:password_change"),
        reverse("admin:app_list", args=["servers"]),
    ]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses += [reverse(f"{name}_{page}") for page in ("changelist", "add")]
        addresses += [reverse(f"{name}_{page}", args=["1"]) for page in ("change", "delete", "history")]
    assert Offer in admin.site._registry
    for address in addresses:
        assert operator.get(address, follow=True).status_code == 403, address


@pytest.mark.parametrize("person", ["mia", "root"])
def test_it_holds_no_members_so_the_rules_about_them_have_no_way_round(
    manager: Client, sign_in: Callable[..., Client], person: str
) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    client = manager if person == "mia" else browser("root")
    mia = User.objects.get(username="mia")
    for address in ("", "add/", f"{mia.pk}/change/", f"{mia.pk}/delete/", f"{mia.pk}/password/"):
        body = {"username": "mia", "is_superuser": "on", "post": "yes"}
        assert client.post(f"/admin/auth/user/{address}", body).status_code == 404
    mia.refresh_from_db()
    assert (mia.is_superuser, mia.is_active) == (False, True)


def test_what_a_manager_puts_into_the_catalogue_is_offered(manager: Client) -> None:
    body = {
        "kind": "plan_id",
        "value": "44",
        "name": "Huge",
        "vcpus": "16",
        "memory": "65536",
        "storage": "2048",
    }
    assert manager.post("/admin/servers/offer/add/", body).status_code == 302
    assert Offer.objects.get().name == "Huge"
    form = read(manager.get("/servers/new/"))
    assert "16 processors 64 GB memory 2 TB disk" in form.text
    assert form.one("input", name="plan_id", value="44").attributes["type"] == "radio"


def test_one_thing_stands_once_in_the_catalogue(manager: Client) -> None:
    body = {"kind": "location", "value": "eu-north", "name": "Stockholm"}
    assert manager.post("/admin/servers/offer/add/", body).status_code == 302
    assert manager.post("/admin/servers/offer/add/", body | {"name": "Stockholm 2"}).status_code == 200
    assert Offer.objects.get().name == "Stockholm"


def test_a_password_is_changed_on_the_console_s_own_page_alone(manager: Client) -> None:
    body = {
        "old_password": PASSWORD,
        "new_password1": "another long one",
        "new_password2": "another long one",
    }
    for response in (manager.get("/admin/password_change/"), manager.post("/admin/password_change/", body)):
        assert (response.status_code, response["Location"]) == (302, "/password/")
    assert User.objects.get(username="mia").check_password(PASSWORD)
    tries = [manager.post("/password/", {"oldpassword": "wrong"}).status_code for _ in range(6)]
    assert tries == [200] * 5 + [429]
