"""The addresses of the console: sign-in, Django's admin for the rare chores, and the application."""

from allauth.account import views as account
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path

from servers.views import problems

urlpatterns = [
    path("login/", login_not_required(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("password/", account.password_change, name="account_change_password"),
    path(
        "inactive/",
        login_not_required(account.account_inactive),
        name="account_inactive",
    ),
    path("admin/", admin.site.urls),
    path("", include("servers.urls")),
]

handler400 = problems.bad_request
handler403 = problems.not_allowed
handler404 = problems.not_found
handler500 = problems.our_fault
