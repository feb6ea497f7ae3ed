"""The one address of bench.bare."""

from django.urls import path

from .yardsticks import bare

urlpatterns = [path("", bare)]
