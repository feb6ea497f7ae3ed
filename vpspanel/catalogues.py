"""The catalogues of translations: `python -m vpspanel.catalogues compile|update|check`, called by ./run.

The English catalogue holds no translations but the notes for translators, as comments above the strings; `update`
copies them into the other languages. Updating and checking need Debian's gettext; compiling does not.
"""

import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

import django
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management import call_command

ROOT: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = ROOT / "vpspanel" / "locale"
ENGLISH: Final = "en"

# The plural forms of Django's own catalogues, so that gettext counts the same way in both.
PLURALS: Final = {
    "en": "nplurals=2; plural=(n != 1);",
    "ta": "nplurals=2; plural=(n != 1);",
    "hi": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=3; plural=n == 1 ? 0 : n != 0 && n % 1000000 == 0 ? 1 : 2;",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3"
    " : n%100>=11 && n%100<=99 ? 4 : 5;",
}


def path_of(language: str) -> Path:
    """The file that translators edit."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """A catalogue as it lies in the checkout; one that is not there yet is empty."""
    file = path_of(language)
    return read_po(io.BytesIO(file.read_bytes() if file.exists() else header(language)), locale=language)


def header(language: str) -> bytes:
    """The head of a catalogue: what programs need, and no dates, which would differ with every update."""
    lines = (
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {PLURALS[language]}",
    )
    return ('msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines) + "\n").encode()


def compile_stale() -> None:
    """Make the .mo files, which Django reads, of those catalogues that have changed."""
    for language in PLURALS:
        source = path_of(language)
        target = source.with_suffix(".mo")
        changed = source.stat().st_mtime_ns
        if target.exists() and target.stat().st_mtime_ns == changed:
            continue
        made = target.with_suffix(f".{os.getpid()}~")  # replaced at once, so that no reader finds half a file
        with made.open("wb") as file:
            write_mo(file, read(language))
        os.utime(made, ns=(changed, changed))
        made.replace(target)


def extract() -> Catalog:
    """Every marked string of the sources, found by Django's makemessages."""
    with tempfile.TemporaryDirectory() as folder:
        settings.configure(LOCALE_PATHS=[folder])
        django.setup()
        os.chdir(ROOT)
        call_command(
            "makemessages",
            locale=[ENGLISH],
            extensions=["py", "html"],
            ignore_patterns=["tests", "vpspanel/locale"],  # else makemessages would write into that folder
            no_location=True,
            verbosity=0,
        )
        return read_po(io.BytesIO((Path(folder) / ENGLISH / "LC_MESSAGES" / "django.po").read_bytes()))


def updated(language: str, template: Catalog, notes: Catalog) -> bytes:
    """A catalogue with exactly the strings of the template, the translations that it had, and the English notes."""
    catalog = read(language)
    catalog.update(template, no_fuzzy_matching=True)
    for message in catalog:
        noted = notes.get(message.id, message.context)
        message.user_comments = noted.user_comments if noted else []
    written = io.BytesIO(header(language))
    written.seek(0, io.SEEK_END)
    write_po(written, catalog, width=0, sort_output=True, ignore_obsolete=True, omit_header=True)
    return written.getvalue()


def update() -> None:
    """Bring all catalogues up to date with the sources."""
    template, notes = extract(), read(ENGLISH)
    for language in PLURALS:
        file = path_of(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(updated(language, template, notes))


def main() -> None:
    """The command line."""
    match sys.argv[1:]:
        case ["compile"]:
            compile_stale()
        case ["update"]:
            update()
        case _:
            sys.exit("python -m vpspanel.catalogues compile|update")


if __name__ == "__main__":
    main()
