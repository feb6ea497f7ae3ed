"""That two processes answer where the tests are told so (tests/load/in_turn.py), and not one that nobody meant."""

import pytest
from django.test import Client


def test_each_request_goes_to_the_other_process(pytestconfig: pytest.Config, viewer: Client) -> None:
    if not pytestconfig.pluginmanager.has_plugin("tests.load.in_turn"):
        pytest.skip("one process answers; two do with python -m tests.load.engines")
    first, second, third, fourth = (viewer.get("/servers/").headers["Answered-By"] for _ in range(4))
    assert first != second
    assert (first, second) == (third, fourth)
