"""The rare chores in Django's admin: members with their roles, and the catalogue."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .models import Offer

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class MemberAdmin(UserAdmin):  # type: ignore[type-arg]
    """Members. What makes a superuser, and permissions outside the roles, are not for this page."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Role"), {"fields": ("groups", "is_active")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username",
                    "usable_password",
                    "password1",
                    "password2",
                    "groups",
                )
            },
        ),
    )
    list_display = ("username", "first_name", "last_name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal: ClassVar = ()

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.has_perm("servers.members")

    has_add_permission = has_view_permission
    has_module_permission = has_view_permission

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A Manager keeps members, and nobody but a superuser touches a superuser."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return self.has_view_permission(request)

    has_delete_permission = has_change_permission


@admin.register(Offer)
class OfferAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The catalogue."""

    list_display = ("name", "kind", "value", "vcpus", "memory", "storage")
    list_filter = ("kind",)
    search_fields = ("name", "value")

    def has_view_permission(self, request: HttpRequest, obj: Offer | None = None) -> bool:
        return request.user.has_perm("servers.members")

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission
    has_module_permission = has_view_permission
