"""A passkey as a device holds it, so that tests without a browser can set one up and sign with it."""

import json
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tests.http.pages import read

SEEN_AND_CHECKED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
SITE = sha256(b"testserver").digest()


class Passkey:
    """One passkey for the console of the tests, with its private half."""

    def __init__(self, held: str) -> None:
        self.id, self.secret = held.encode(), ec.generate_private_key(ec.SECP256R1())
        self.name = websafe_encode(self.id)

    def set_up(self, client: Client) -> None:
        """Add it at the front door."""
        options = options_of(client.get("/me/second-step/passkey/"))
        self.holder: str = options["user"]["id"]
        public = ES256.from_cryptography_key(self.secret.public_key())  # type: ignore[no-untyped-call]
        data = AuthenticatorData.create(
            SITE,
            SEEN_AND_CHECKED | AuthenticatorData.FLAG.AT,
            0,
            AttestedCredentialData.create(Aaguid.NONE, self.id, public),
        )
        credential = self._answer(
            clientDataJSON=_said("webauthn.create", options),
            attestationObject=AttestationObject.create("none", data, {}),
        )
        credential["clientExtensionResults"] = {"credProps": {"rk": True}}
        body = {"name": "my laptop", "credential": json.dumps(credential), "passwordless": "on"}
        assert client.post("/me/second-step/passkey/", body).status_code == 302

    def sign(self, question: Any) -> str:
        """What a browser posts after it has been asked by this answer of the console."""
        said = _said("webauthn.get", options_of(question))
        data = AuthenticatorData.create(SITE, SEEN_AND_CHECKED, 1)
        signature = self.secret.sign(data + said.hash, ec.ECDSA(hashes.SHA256()))
        answer = self._answer(clientDataJSON=said, authenticatorData=data, signature=signature)
        answer["response"]["userHandle"] = self.holder
        return json.dumps(answer)

    def _answer(self, **response: bytes) -> dict[str, Any]:
        sent = {key: websafe_encode(value) for key, value in response.items()}
        return {"id": self.name, "rawId": self.name, "type": "public-key", "response": sent}


def options_of(response: Any) -> dict[str, Any]:
    """What the page asks the browser to make or to sign."""
    forms = [form for form in read(response).all("form") if "data-options" in form.attributes]
    options: dict[str, Any] = json.loads(forms[0].attributes["data-options"])["publicKey"]
    return options


def _said(kind: str, options: dict[str, Any]) -> CollectedClientData:
    return CollectedClientData.create(kind, options["challenge"], "https://testserver")
