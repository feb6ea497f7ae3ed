"""Looking for a key: as it is, and as it would look if somebody had only wrapped it."""

import base64


def spellings(token: str) -> list[bytes]:
    """The token as it is, and at each offset within base64."""
    raw = token.encode()
    shifted = [base64.b64encode(b"x" * offset + raw)[4:-4] for offset in range(3)]
    return [raw, *shifted, *(text.translate(bytes.maketrans(b"+/", b"-_")) for text in shifted)]


def holds(token: str, written: str | bytes) -> bool:
    """Whether something that was written holds the token, or eight of its characters in a row."""
    text = written.encode() if isinstance(written, str) else written
    parts = [token[start : start + 8].encode() for start in range(len(token) - 7)]
    return any(spelling in text for spelling in (*parts, *spellings(token), token.encode().hex().encode()))
