"""The rare chores in Django's admin: the catalogue. Members have pages of their own, with rules that it lacks."""

import django.contrib.auth.admin  # noqa: F401 - registers what is taken out again below
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from .models import Offer

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(Offer)
class OfferAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The catalogue."""

    list_display = ("name", "kind", "value", "vcpus", "memory", "storage")
    list_filter = ("kind",)
    search_fields = ("name", "value")
    list_per_page = 50  # all of a page, ticked, are fewer fields than a form may have

    def has_view_permission(self, request: HttpRequest, obj: Offer | None = None) -> bool:
        return request.user.has_perm("servers.members")

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission
    has_module_permission = has_view_permission
