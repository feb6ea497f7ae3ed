"""Django's admin as the place for members and the catalogue: Managers enter, and make nobody more than a Manager."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from servers.models import Offer
from tests.conftest import PASSWORD
from tests.http.pages import read

pytestmark = pytest.mark.usefixtures("clock")

PAGES = ["/admin/", "/admin/auth/user/", "/admin/auth/user/add/", "/admin/servers/offer/add/"]


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


def test_the_first_page_leads_to_members_and_catalogue(manager: Client) -> None:
    links = {link.attributes["href"] for link in read(manager.get("/admin/")).all("a")}
    assert {"/admin/auth/user/", "/admin/servers/offer/"} <= links


def test_every_page_of_it_is_closed_to_operators(operator: Client) -> None:
    addresses = [
        reverse("admin:index"),
        reverse("admin:password_change"),
        reverse("admin:app_list", args=["auth"]),
    ]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses += [reverse(f"{name}_{page}") for page in ("changelist", "add")]
        addresses += [reverse(f"{name}_{page}", args=["1"]) for page in ("change", "delete", "history")]
    assert {User, Offer} <= set(admin.site._registry)
    for address in addresses:
        assert operator.get(address, follow=True).status_code == 403, address


def test_a_manager_makes_a_member_with_a_role(manager: Client) -> None:
    group = Group.objects.get(name="Operator")
    body = {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    response = manager.post("/admin/auth/user/add/", body | {"groups": [group.pk]})
    assert response.status_code == 302
    member = User.objects.get(username="new")
    assert member.has_perm("servers.power")
    assert not member.has_perm("servers.create")
    assert (member.is_staff, member.is_superuser) == (False, False)


def test_a_manager_makes_nobody_a_superuser(manager: Client) -> None:
    member = User.objects.create_user("otto", password=PASSWORD)
    body = {
        "username": "otto",
        "is_active": "on",
        "is_superuser": "on",
        "is_staff": "on",
        "user_permissions": ["1"],
    }
    assert manager.post(f"/admin/auth/user/{member.pk}/change/", body).status_code == 302
    member.refresh_from_db()
    assert (member.is_staff, member.is_superuser) == (False, False)
    assert not member.user_permissions.exists()


@pytest.mark.parametrize("page", ["change", "delete", "password"])
def test_a_manager_does_not_touch_a_superuser(manager: Client, page: str) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    body = {
        "username": "mine",
        "post": "yes",
        "password1": "another good one",
        "password2": "another good one",
    }
    assert manager.post(f"/admin/auth/user/{root.pk}/{page}/", body).status_code == 403
    selected = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    manager.post("/admin/auth/user/", selected)
    root.refresh_from_db()
    assert root.username == "root"
    assert root.check_password(PASSWORD)


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
    assert "16 processors, 64 GB memory, 2 TB disk" in form.text
    assert form.one("input", name="plan_id", value="44").attributes["type"] == "radio"


def test_one_thing_stands_once_in_the_catalogue(manager: Client) -> None:
    body = {"kind": "location", "value": "eu-north", "name": "Stockholm"}
    assert manager.post("/admin/servers/offer/add/", body).status_code == 302
    assert manager.post("/admin/servers/offer/add/", body | {"name": "Stockholm 2"}).status_code == 200
    assert Offer.objects.get().name == "Stockholm"
