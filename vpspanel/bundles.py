"""One stylesheet and one script for all pages: collecting the static files puts what they import in its place, without
the comments.

Without collecting (in development and in tests) the browser follows the imports itself, and the pages work the same.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

BUNDLES: Final = ("css/console.css", "js/console.js")
IMPORT: Final = re.compile(r'^@?import "(?:\./)?([a-z_]+\.(?:css|js))";\n', re.MULTILINE)
STYLE_COMMENT: Final = re.compile(r"\s*/\*.*?\*/", re.DOTALL)
SCRIPT_COMMENT: Final = re.compile(r"^ *//.*\n", re.MULTILINE)
"""Those that have their lines to themselves."""
EXCHANGE: Final = re.compile(r"^\s*(?:import|export)\b", re.MULTILINE)


class BundlingStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """WhiteNoise's storage, whose bundles are hashed and compressed with their parts in them."""

    def post_process(
        self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str, bool]]:
        """As Django calls it; `paths` holds the storage that each file was found in."""
        bundled = {name: (Bundled(*paths[name]), name) for name in BUNDLES if name in paths}
        yield from super().post_process(paths | bundled, dry_run, **options)


class Bundled(Storage):
    """Where a bundle is read from: the storage of its source, with each import replaced by the file that it names."""

    def __init__(self, source: Storage, path: str) -> None:
        self.source, self.folder = source, PurePosixPath(path).parent

    def _open(self, name: str, mode: str = "rb") -> "ContentFile[bytes]":
        return ContentFile(IMPORT.sub(self._part, self._text(name)).encode(), name)

    def _part(self, imported: re.Match[str]) -> str:
        text = self._text(str(self.folder / imported[1]))
        if not imported[1].endswith(".js"):
            return STYLE_COMMENT.sub("", text)
        if EXCHANGE.search(text):
            raise ValueError(f"{imported[1]} imports or exports something, which a bundle cannot do.")
        # A block keeps the names of a module to itself, as a file of its own did.
        return f"{{\n{SCRIPT_COMMENT.sub('', text)}}}\n"

    def _text(self, name: str) -> str:
        with self.source.open(name) as file:
            return str(file.read(), "utf-8")
