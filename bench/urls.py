"""The console's addresses, and before them that of the empty page."""

from django.urls import path

from vpspanel.urls import handler400, handler403, handler404, handler429, handler500
from vpspanel.urls import urlpatterns as console

from .yardsticks import empty

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]

urlpatterns = [path("bench/empty/", empty), *console]
