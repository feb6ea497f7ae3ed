"""Django's list of the same servers, a hundred to a page."""

from django.contrib import admin

from .models import Row


@admin.register(Row)
class RowAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "status", "hostname", "ip_address", "location", "system", "size")
    list_per_page = 100
