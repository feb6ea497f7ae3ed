"""The catalogues of translations: `python -m vpspanel.catalogues compile|update|check`, called by ./run.

The English catalogue holds no translations but the notes for translators, as comments above the strings; `update`
copies them into the other languages. Updating and checking need Debian's gettext; compiling does not.
"""

import io
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import django
from babel.messages import Catalog
from babel.messages.catalog import PYTHON_FORMAT, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from django.conf import settings
from django.core.management import call_command

ROOT: Final = Path(__file__).resolve().parent.parent
LOCALE: Final = ROOT / "vpspanel" / "locale"
ENGLISH: Final = "en"
SOURCES: Final = ("servers", "templates", "vpspanel")

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
    text = file.read_bytes() if file.exists() else header(language)
    return read_po(io.BytesIO(text), locale=language, abort_invalid=True)


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
        # From a copy: makemessages writes beside the templates, and two of them at once would disturb each other.
        sources, found = Path(folder) / "sources", Path(folder) / "found"
        for name in SOURCES:
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("locale", "*.pyc"))
        found.mkdir()
        settings.configure(LOCALE_PATHS=[str(found)])
        django.setup()
        os.chdir(sources)
        call_command(
            "makemessages", locale=[ENGLISH], extensions=["py", "html"], no_location=True, verbosity=0
        )
        os.chdir(ROOT)
        return read_po(io.BytesIO((found / ENGLISH / "LC_MESSAGES" / "django.po").read_bytes()))


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


def faults(catalog: Catalog) -> Iterator[str]:
    """What is wrong with the translations that there are."""
    for message in strings(catalog):
        if message.fuzzy:
            yield f"{first(message)!r} is fuzzy."
        for error in message.check(catalog):
            yield f"{first(message)!r}: {error}."
        for form, translation in enumerate(forms(message)):
            if translation:
                for difference in differences(message, form, translation):
                    yield f"{first(message)!r}: {difference} in {translation!r}."


def differences(message: Message, form: int, translation: str) -> Iterator[str]:
    """What a translation has that its string has not, or the other way round."""
    string = message.id if isinstance(message.id, str) else message.id[min(form, 1)]
    lost, added = (
        placeholders(string) - placeholders(translation),
        placeholders(translation) - placeholders(string),
    )
    # A form that stands for one number only may leave the number out: "one server".
    number_may_be_left_out = message.pluralizable and form < len(forms(message)) - 1 and lost.total() == 1
    if added or (lost and not number_may_be_left_out):
        yield "other placeholders"
    if tags(string) != tags(translation):
        yield "other HTML tags"
    if [string[:1].isspace(), string[-1:].isspace()] != [
        translation[:1].isspace(),
        translation[-1:].isspace(),
    ]:
        yield "another space at the beginning or the end"
    if string.endswith("…") != translation.endswith("…"):
        yield "a … at the end that one has and the other has not"


def placeholders(text: str) -> Counter[str]:
    """The names in `%(name)s`, and the letter of `%d`."""
    return Counter(name or kind for name, _, kind in PYTHON_FORMAT.findall(text) if name or kind != "%")


def tags(text: str) -> Counter[str]:
    """The HTML tags, whole: a translation changes words, not links."""
    return Counter(re.findall(r"</?[a-z][^>]*>", text))


def strings(catalog: Catalog) -> Iterator[Message]:
    """The messages, without the head of the file."""
    return (message for message in catalog if message.id)


def first(message: Message) -> str:
    """The string, or its singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    """The translation, or one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def without_note(catalog: Catalog) -> list[str]:
    """The strings of the English catalogue of which nobody has told the translators where they stand."""
    return [first(message) for message in strings(catalog) if not message.user_comments]


def missing(catalog: Catalog) -> list[str]:
    """The strings that are not, or not in every plural form, translated."""
    return [first(message) for message in strings(catalog) if not all(forms(message))]


def check() -> bool:
    """Say what is wrong with the catalogues; whether they may be shipped so."""
    wrong: list[str] = []
    readable = True
    for language in PLURALS:
        try:
            catalog = read(language)
        except PoFileError as problem:
            wrong.append(f"{language}: line {problem.lineno} cannot be read: {problem}")
            readable = False
            continue
        wrong += [f"{language}: {fault}" for fault in faults(catalog)]
        if language == ENGLISH:
            wrong += [f"en: {string!r} has no note for translators." for string in without_note(catalog)]
        elif lacking := missing(catalog):
            wrong.append(f"{language} lacks {len(lacking)} translations, the first of {lacking[0]!r}.")
    if readable:
        wrong += outdated()
    for line in wrong:
        print(line, file=sys.stderr)  # noqa: T201 - it is a program
    return not wrong


def outdated() -> list[str]:
    """The catalogues that `update` would change."""
    if not shutil.which("xgettext"):
        return ["gettext is not installed (Debian: apt-get install gettext), so nobody knows what they lack."]
    template, notes = extract(), read(ENGLISH)
    return [
        f"{language} is older than the sources; call ./run messages."
        for language in PLURALS
        if updated(language, template, notes) != path_of(language).read_bytes()
    ]


def main() -> None:
    """The command line."""
    match sys.argv[1:]:
        case ["compile"]:
            compile_stale()
        case ["update"]:
            update()
        case ["check"]:
            sys.exit(not check())
        case _:
            sys.exit("python -m vpspanel.catalogues compile|update|check")


if __name__ == "__main__":
    main()
