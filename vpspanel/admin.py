"""Django's admin serves the rare chores: members and the catalogue. Managers may enter."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _


class PanelAdmin(AdminSite):
    """The admin for those who may manage members, signed in at the console's own door."""

    site_title = site_header = _("Members and catalogue")
    index_title = _("What a Manager keeps")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.has_perm("servers.members")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
