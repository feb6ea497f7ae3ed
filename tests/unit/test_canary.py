"""What the search for a key finds: every test that looks for one rests on it."""

import base64
import gzip
import json
import pickle
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.core import signing

from tests.canary import tells
from tests.conftest import TOKEN

LEFT: dict[str, Callable[[str], str | bytes]] = {
    "plain": str,
    "eight of its characters": lambda key: key[5:13],
    "in a sentence": lambda key: f"The key {key} is wrong.",
    "json": lambda key: json.dumps({"key": key}),
    "every character escaped in json": lambda key: "".join(f"\\u{ord(c):04X}" for c in key),
    "every character escaped in an address": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "an address": lambda key: quote(f"Bearer {key}", safe=""),
    "every character escaped in html": lambda key: "".join(f"&#x{ord(c):X};" for c in key),
    "hex": lambda key: f"Bearer {key}".encode().hex().upper(),
    "base64": lambda key: base64.b64encode(f"Bearer {key}".encode()),
    "base64 of addresses": lambda key: base64.urlsafe_b64encode(f"b{key}e".encode()).rstrip(b"="),
    "base64 twice": lambda key: base64.b64encode(base64.b64encode(f"so: {key}".encode())),
    "gzip": lambda key: gzip.compress(key.encode() * 9),
    "zlib": lambda key: zlib.compress(key.encode()),
    "pickle": lambda key: pickle.dumps({"key": key}),
    "a session": lambda key: signing.dumps({"key": key}, compress=False),
    "a long session": lambda key: signing.dumps({"key": [key, " and much more" * 99]}, compress=True),
}


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_it_finds_a_key_that_was(left: Callable[[str], str | bytes]) -> None:
    assert tells(TOKEN, left(TOKEN))
    assert not tells(TOKEN, left("vps_of-another-member.7"))
