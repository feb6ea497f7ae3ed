"""The addresses of the console: sign-in, Django's admin for the rare chores, and the application."""

from allauth.account import views as account
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, reverse_lazy

from servers.views import entrance, problems

urlpatterns = [
    path("login/", login_not_required(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("password/", account.password_change, name="account_change_password"),
    path(
        "inactive/",
        login_not_required(account.account_inactive),
        name="account_inactive",
    ),
    path("login/passkey/", login_not_required(entrance.PasskeyLogin.as_view()), name="mfa_login_webauthn"),
    path("login/second-step/", entrance.SecondStep.as_view(), name="mfa_authenticate"),
    path("me/second-step/", entrance.SecondSteps.as_view(), name="mfa_index"),
    path("me/second-step/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("me/second-step/app/picture/", entrance.totp_picture, name="totp-picture"),
    path("me/second-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("me/second-step/passkey/", entrance.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "me/second-step/passkey/<int:pk>/remove/",
        webauthn.RemoveWebAuthnView.as_view(success_url=reverse_lazy("mfa_index")),
        name="mfa_remove_webauthn",
    ),
    path("me/second-step/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("me/second-step/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("admin/", admin.site.urls),
    path("", include("servers.urls")),
]

if settings.SINGLE_SIGN_ON:
    from . import single_sign_on

    urlpatterns += [
        path("login/provider/", single_sign_on.sign_in, name="account_provider"),
        path("login/provider/back/", single_sign_on.back, name="account_provider_back"),
        path("me/provider/link/", single_sign_on.link, name="me-link"),
        path("me/provider/unlink/", single_sign_on.unlink, name="me-unlink"),
    ]

handler400 = problems.bad_request
handler403 = problems.not_allowed
handler404 = problems.not_found
handler429 = problems.too_many
handler500 = problems.our_fault
