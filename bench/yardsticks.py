"""What the console is compared with."""

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

GetResponse = Callable[[HttpRequest], HttpResponse]


def bare(request: HttpRequest) -> HttpResponse:
    """A view of a Django that does nothing else (bench.bare)."""
    return HttpResponse("ok")


def empty(request: HttpRequest) -> HttpResponse:
    """The console's frame for somebody who is signed in, with nothing in it."""
    return render(request, "base.html")


def counted(get_response: GetResponse) -> GetResponse:
    """Middleware: each answer tells how many database queries it took."""

    def middleware(request: HttpRequest) -> HttpResponse:
        count = 0

        def note(execute: Callable[..., object], *query: object) -> object:
            nonlocal count
            # PostgreSQL begins a transaction with its first query; that SQLite is told so is none.
            count += not str(query[0]).startswith(("BEGIN", "SAVEPOINT", "RELEASE"))
            return execute(*query)

        with connection.execute_wrapper(note):
            response = get_response(request)
        response["Bench-Queries"] = str(count)
        return response

    return middleware
