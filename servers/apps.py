from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServersConfig(AppConfig):
    name = "servers"
    verbose_name = _("Servers")

    def ready(self) -> None:
        """Follow who signs in and out, by whichever door."""
        from allauth.account import signals as allauth
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from . import open_sessions

        user_logged_in.connect(open_sessions.begin)
        user_logged_out.connect(open_sessions.forget)
        allauth.password_changed.connect(open_sessions.password_changed)
