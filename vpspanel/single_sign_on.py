"""Sign in with an account elsewhere, by OpenID Connect. Imported only where OIDC_ISSUER and what goes with it are set.

It lets in members only who linked their account themselves, on their own page; who it is says the provider's `sub`, and
no address of mail. It stands for the password: a second step is asked for as after that, and it makes nothing fresh.
django-allauth keeps the state, proves the code (PKCE) and fetches the token; the token itself is checked here.
"""

import logging
import secrets
import time
from typing import Any, Final, NoReturn

import jwt
import requests
from allauth.account.utils import get_login_redirect_url, get_next_redirect_url
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from servers import fresh, members
from servers.remote.deadline import DeadlineAdapter, ends_at
from servers.request import PanelRequest
from servers.views import problems

from .environment import keeps_secrets

log = logging.getLogger(__name__)

DEADLINE: Final = 10.0
"""Seconds for all that the provider is asked for one request of a person."""
SIGNATURES: Final = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
]
"""By a key of which only the provider has the secret half; never "none", never our own secret."""
CLOCKS_DIFFER: Final = 60
"""So many seconds the provider's clock may be wrong."""
LONGEST_SUB: Final = 191
"""What fits into django-allauth's table."""
NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


# --- the addresses ------------------------------------------------------------------------------------------------


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """On to the provider, to sign in."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    if not ratelimit.consume(request, action="single_sign_on"):
        return problems.too_many(request)
    return _go(request, AuthProcess.LOGIN)


@require_POST
@fresh.required
def link(request: PanelRequest) -> HttpResponse:
    """On to the provider, to link the account there with the member who is signed in."""
    return _go(request, AuthProcess.CONNECT)


@require_POST
@fresh.required
def unlink(request: PanelRequest) -> HttpResponse:
    """Sign in with the password or a passkey only, from now on."""
    if members.unlink(request.user):
        messages.success(request, _named(gettext("Unlinked. %(name)s signs you in no more.")))
    return redirect("me")


@login_not_required
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Back from the provider: who it is, or why not."""
    ends_at.set(time.monotonic() + DEADLINE)
    view = OAuth2CallbackView.adapter_view(Exchange(request, settings.SINGLE_SIGN_ON["ISSUER"]))
    response: HttpResponse = view(request)
    return response


def _go(request: HttpRequest, process: str) -> HttpResponse:
    """The page that leads to the provider by itself, and back to `process` and `next`."""
    ends_at.set(time.monotonic() + DEADLINE)
    nonce = secrets.token_urlsafe(32)
    provider = get_adapter().get_provider(request, settings.SINGLE_SIGN_ON["ISSUER"])
    following = get_next_redirect_url(request)
    try:
        led = provider.redirect(request, process, following, auth_params={"nonce": nonce}, nonce=nonce)
    except (requests.RequestException, OAuth2Error) as problem:
        return _failed(request, problem)
    return render(request, "account/provider.html", {"address": led["Location"]})


def _failed(request: HttpRequest, problem: Exception | None) -> HttpResponse:
    """The page that says what did not work; the log says more. None: the provider said no, or the state is gone."""
    match problem:
        case None:
            sentence = gettext("%(name)s did not say who you are, or it took too long. You can try again.")
            status = 400
        case requests.RequestException():
            sentence = gettext(
                "%(name)s does not answer just now. Your password and your passkeys still work."
            )
            status = 504 if isinstance(problem, requests.Timeout) else 502
        case _:
            sentence = gettext(
                "%(name)s gave an answer that cannot be accepted. Tell whoever runs this console."
            )
            status = 502
    said = f"{type(problem).__name__}: {problem}" if problem else request.GET.get("error", "no state")[:100]
    log.warning("Single sign-on failed: %s", said)
    return _page(request, sentence, status)


def _page(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    return render(request, "account/provider_problem.html", {"sentence": _named(sentence)}, status=status)


def _named(sentence: str) -> str:
    return sentence % {"name": settings.SINGLE_SIGN_ON["NAME"]}


# --- how django-allauth behaves here ------------------------------------------------------------------------------


class Session(requests.Session):
    """Keeps the deadline, and follows no redirect: the secret of the client goes to the address that was meant."""

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = 0
        for scheme in ("https://", "http://"):
            self.mount(scheme, DeadlineAdapter())

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(*args, **{"timeout": settings.SOCIALACCOUNT_REQUESTS_TIMEOUT} | kwargs)


class Exchange(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """What the provider is asked, and how its answers are checked. Raises OAuth2Error or a RequestException."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself, whole and about the issuer that was configured."""
        if not hasattr(self, "_config"):
            issuer = settings.SINGLE_SIGN_ON["ISSUER"]
            found = _ask(f"{issuer}/.well-known/openid-configuration")
            if str(found.get("issuer")).rstrip("/") != issuer:
                raise OAuth2Error(f"the provider calls itself {found.get('issuer')!r}, not {issuer!r}")
            for name in NEEDED:
                if not isinstance(found.get(name), str) or not keeps_secrets(found[name]):
                    raise OAuth2Error(f"{name} is no address with https")
            self._config = found
        return self._config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("account_provider_back"))

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            data = super().get_access_token_data(*args, **kwargs)
        except (OAuth2Error, LookupError, TypeError):
            # What it said instead may hold half a token, and is for no log.
            said = "no token was given: do the client, its secret and the address to come back to fit?"
            raise OAuth2Error(said) from None
        if not isinstance(data, dict) or not isinstance(data.get("id_token"), str):
            raise OAuth2Error("there is no id_token in the answer")
        return data

    def parse_token(self, data: dict[str, Any]) -> SocialToken:
        """Nothing of it is kept or used."""
        return SocialToken()

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        claims = self._claims(kwargs["response"]["id_token"])
        account = SocialAccount(provider=app.provider_id, uid=claims["sub"])
        login = SocialLogin(provider=self.get_provider(), account=account)
        login.nonce = claims.get("nonce")
        return login

    def _claims(self, id_token: str) -> dict[str, Any]:
        """What the token says, after the checks of OpenID Connect Core, 3.1.3.7; the nonce is left to the adapter."""
        client_id = settings.SINGLE_SIGN_ON["CLIENT_ID"]
        keys = _ask(self.openid_config["jwks_uri"])
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                _key(keys, jwt.get_unverified_header(id_token)),
                algorithms=SIGNATURES,
                audience=client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as problem:
            raise OAuth2Error(f"{type(problem).__name__}: {problem}") from None
        if claims.get("azp", client_id) != client_id:
            raise OAuth2Error("the token was given to another client (azp)")
        if not 0 < len(claims["sub"]) <= LONGEST_SUB:
            raise OAuth2Error(f"sub has {len(claims['sub'])} characters")
        return claims


def _ask(address: str) -> dict[str, Any]:
    """The JSON object at an address of the provider's."""
    with get_adapter().get_requests_session() as session:
        response = session.get(address)
        response.raise_for_status()
        found = response.json()
    if not isinstance(found, dict):
        raise OAuth2Error(f"{address} holds no object")
    return found


def _key(keys: dict[str, Any], header: dict[str, Any]) -> jwt.PyJWK:
    """The provider's key that a token names; the only one if it names none."""
    usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]
    named = [key for key in usable if key.key_id == header.get("kid")]
    found = named or (usable if "kid" not in header else [])
    if len(found) != 1:
        raise OAuth2Error(f"the provider has {len(found)} keys for this token")
    return found[0]


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    oauth2_adapter_class = Exchange


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """One provider, from the settings; nobody becomes a member by it."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        chosen = settings.SINGLE_SIGN_ON
        app = SocialApp(
            provider=Provider.id,
            provider_id=chosen["ISSUER"],
            name=chosen["NAME"],
            client_id=chosen["CLIENT_ID"],
            secret=chosen["CLIENT_SECRET"],
            settings={"oauth_pkce_enabled": True, "scope": ["openid"]},
        )
        return Provider(request, app=app)

    def get_requests_session(self) -> Session:
        return Session()

    def on_authentication_error(
        self, request: HttpRequest, provider: Provider, exception: Exception | None = None, **kwargs: Any
    ) -> NoReturn:
        raise ImmediateHttpResponse(_failed(request, exception))

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """django-allauth has found whose account it is, if anybody's."""
        if not constant_time_compare(str(sociallogin.nonce), sociallogin.state["nonce"]):
            raise OAuth2Error("the token answers another question (nonce)")
        if sociallogin.state["process"] == AuthProcess.CONNECT:
            raise ImmediateHttpResponse(_link(request, sociallogin.account))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        sentence = gettext(
            "No member of this console is linked with this account at %(name)s. A Manager invites you first; then you"
            " sign in with your password and link it on your page."
        )
        raise ImmediateHttpResponse(_page(request, sentence, 403))


def _link(request: HttpRequest, account: SocialAccount) -> HttpResponse:
    if not request.user.is_authenticated:
        return _failed(request, None)
    if not members.link(request.user, account.provider, account.uid):
        sentence = gettext("This account at %(name)s is linked with another member. Nothing was changed.")
        return _page(request, sentence, 409)
    messages.success(request, _named(gettext("Linked. From now on you can sign in with %(name)s, too.")))
    return redirect("me")
