"""What is being typed, kept while it is typed, and forgotten when somebody starts over."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from .. import drafts
from ..people import Draft


@require_POST
@login_not_required
def draft(request: HttpRequest) -> HttpResponse:
    """Kept like every form that was not sent (`kept_unless_sent`); `start_over` forgets it and shows the form anew."""
    signed = drafts.opened(request.POST.get("start_over") or request.POST.get("draft", ""))
    if signed is None:
        raise BadRequest("no draft of ours")
    if "start_over" not in request.POST:
        return HttpResponse(status=204)
    user_id, address = signed
    if request.user.pk == user_id:
        Draft.objects.filter(user_id=user_id, address=address).delete()
    return redirect(address)
