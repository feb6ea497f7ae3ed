"""Drafts: what somebody typed into a form comes back until it was sent.

Each form that has a draft carries a signed field that says whose it is and of which page. A draft is written while
somebody types, and by every post that did not lead to a change: wrong fields, a session that ended, a key that was
refused, a stale page. The signature alone may write, so that nothing depends on the session that has just ended; only
its member, signed in, is ever shown a draft. What is not named in KEPT is never in one, so no secret is.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from .forms import CreateForm, DeleteForm, EditForm, NoteForm, RenameForm, TagsForm
from .member_forms import InviteForm, NameForm, ProfileForm
from .people import Draft
from .request import PanelRequest

KEPT: Final[dict[str, tuple[str, ...]]] = {
    "server-new": (*CreateForm.base_fields,),
    "server-edit": (*EditForm.base_fields,),
    "server-rename": (*RenameForm.base_fields,),
    "server-notes": (*NoteForm.base_fields,),
    "server-tags": (*TagsForm.base_fields,),
    "server-delete": (*DeleteForm.base_fields,),
    "bulk-new": ("one_by_one", "confirm_count"),
    "members-invite": (*InviteForm.base_fields,),
    "me": (*NameForm.base_fields, *ProfileForm.base_fields),
}
"""The forms that have drafts, by the name of their address, and the fields that are kept of each."""

LIFE: Final = timedelta(days=3)
LIFE_OF_A_CONFIRMATION: Final = timedelta(minutes=10)
"""What was typed to confirm a deletion does not stand there already when somebody looks another day."""
CONFIRMATIONS: Final = ("server-delete", "bulk-new")
MOST: Final = 30
"""So many drafts has a member at most; the oldest goes first."""
LARGEST: Final = 20_000
"""So many characters a draft has at most."""


def of(request: PanelRequest, address: str = "") -> Draft:
    """The draft of this page's form, or of the form at `address`: as it was kept, or one that is not saved yet. Where
    that form itself was sent, what came with it is what counts."""
    if request.method == "POST" and "draft" in request.POST:
        signed = opened(request.POST["draft"])
        return Draft(user=request.user, address=signed[1] if signed else address or request.path)
    address = address or request.get_full_path()
    if not request.open_session.has_drafts:
        return Draft(user=request.user, address=address)
    life = LIFE_OF_A_CONFIRMATION if _form(address) in CONFIRMATIONS else LIFE
    now = timezone.now()
    # As far ahead at most, by a clock that was set back.
    found = Draft.objects.filter(
        user=request.user, address=address, at__range=(now - life, now + life)
    ).first()
    return found or Draft(user=request.user, address=address)


def opened(signature: str) -> tuple[int, str] | None:
    """Whose draft it is, and the address of its page."""
    try:
        user_id, address = signing.loads(signature, salt=Draft.SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError):
        return None
    return user_id, address


def address(request: HttpRequest) -> str:
    """Where the form that was sent comes back filled; empty if it has no draft."""
    signed = opened(request.POST.get("draft", "")) if request.method == "POST" else None
    return signed[1] if signed else ""


def keep(request: HttpRequest) -> None:
    """Write what the form holds."""
    signed = opened(request.POST.get("draft", ""))
    if signed is None:
        return
    user_id, address = signed
    # PostgreSQL keeps no NUL in JSON; no field of ours takes one.
    fields = {name: request.POST.get(name, "").replace("\0", "") for name in KEPT.get(_form(address), ())}
    too_large = len(address) > Draft.LONGEST_ADDRESS or sum(map(len, fields.values())) > LARGEST
    if not fields or too_large or not User.objects.filter(pk=user_id, is_active=True).exists():
        return
    now = timezone.now()
    Draft.objects.filter(at__lt=now - LIFE).delete()
    _, is_new = Draft.objects.update_or_create(
        user_id=user_id, address=address, defaults={"fields": fields, "at": now}
    )
    if is_new:
        newest = Draft.objects.filter(user_id=user_id).values_list("pk", flat=True)[:MOST]
        Draft.objects.filter(user_id=user_id).exclude(pk__in=list(newest)).delete()


def done(request: PanelRequest) -> None:
    """The form was sent: its draft is over."""
    request.draft_done = True
    if address_sent := address(request):
        Draft.objects.filter(user=request.user, address=address_sent).delete()


def give_up(draft: Draft) -> None:
    """The member wants what was there before: what was typed is over."""
    if draft.pk:
        draft.delete()


GetResponse = Callable[[HttpRequest], HttpResponse]


def kept_unless_sent(get_response: GetResponse) -> GetResponse:
    """Keeps every form that has a draft and was not sent, whatever stood in its way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        readable = request.method == "POST" and response.status_code != 400
        if readable and "draft" in request.POST and not getattr(request, "draft_done", False):
            keep(request)
        return response

    return middleware


def _form(address: str) -> str:
    """The name of the form's address."""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except Resolver404:
        return ""
