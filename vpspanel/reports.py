"""What a report of an error may show, on the page with DEBUG on and in a mail with DEBUG off."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NothingTyped(SafeExceptionReporterFilter):
    """The trace, the request and the settings, but no value that was sent and no variable.

    Django's own leaves out what is marked, and nothing with DEBUG on. A key may be pasted into any field, and the
    libraries on its way to VPS.org hold it under names of theirs.
    """

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request else {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return {}.items()
