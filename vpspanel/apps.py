"""Django's admin, with our own door."""

from django.contrib.admin.apps import AdminConfig


class PanelAdminConfig(AdminConfig):
    default_site = "vpspanel.admin.PanelAdmin"
