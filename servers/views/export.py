"""The list of servers as a file for a spreadsheet."""

from django.contrib.auth.decorators import permission_required
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from .. import fleet, session
from ..request import PanelRequest
from ..rows import Row, rows
from ..search import asked_for, find
from ..table import as_csv
from ..templatetags.looks import size


@require_safe
@permission_required("servers.look", raise_exception=True)
def servers(request: PanelRequest) -> StreamingHttpResponse:
    """Every server that the list shows for these filters, in its order, on one page."""
    text, status, location, sort = asked_for(request.GET).values()
    seen = fleet.look(session.connection(request), status, location)
    found = rows(seen, find(seen.servers, text, sort), request.user)
    head = (
        gettext("Name"),
        gettext("Hostname"),
        gettext("Status"),
        gettext("Address"),
        gettext("Location"),
        gettext("Size"),
        gettext("System"),
        gettext("Created"),
        gettext("Tags"),
        gettext("Protected"),
        gettext("Number at VPS.org"),
        gettext("Seen at VPS.org"),
    )
    seen_at = timezone.localtime(seen.checked_at).isoformat(timespec="seconds")
    name = f"servers-{timezone.localdate().isoformat()}"
    return as_csv(name, head, [[*_cells(row), seen_at] for row in found])


def _cells(row: Row) -> list[object]:
    server, sheet = row.server, row.sheet
    return [
        server.name,
        server.hostname,
        row.status.word,
        server.ip_address,
        server.location,
        size(server.plan),
        server.os and server.os.name,
        server.created_at and timezone.localtime(server.created_at).isoformat(timespec="seconds"),
        " ".join(sheet.tags) if sheet else "",
        gettext("Yes") if sheet and sheet.protected else gettext("No"),
        server.id,
    ]
