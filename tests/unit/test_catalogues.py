"""The checks of the catalogues, each by an example that it refuses; how they are compiled and brought up to date."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import PoFileError, read_po

from vpspanel import catalogues

CHECKOUT = Path(__file__).resolve().parents[2]


def read(entry: str, language: str = "es", note: str = "# A button.\n") -> Catalog:
    text = catalogues.header(language) + f"{note}{entry}\n".encode()
    return read_po(io.BytesIO(text), locale=language, abort_invalid=True)


def test_a_good_translation_is_not_refused() -> None:
    entry = '#, python-format\nmsgid "Stop <b>%(name)s</b>…"\nmsgstr "Detener <b>%(name)s</b>…"'
    assert list(catalogues.faults(read(entry))) == []


@pytest.mark.parametrize(
    ("string", "translation", "fault"),
    [
        ("Stop %(name)s", "Detener", "other placeholders"),
        ("Stop %(name)s", "Detener %(nombre)s", "unknown named placeholder"),
        ("Stop %(name)s", "Detener %(name)d", "are not compatible"),
        ("Stop", "Detener %(name)s", "other placeholders"),
        ("%d of 3", "de 3", "placeholders are incompatible"),
        ("<b>Stop</b>", "<i>Detener</i>", "other HTML tags"),
        ("<b>Stop</b>", "<b>Detener", "other HTML tags"),
        ("Stop", " Detener", "another space"),
        ("Stop ", "Detener", "another space"),
        ("Stopping…", "Deteniendo", "a … at the end"),
        ("Stop", "Detener…", "a … at the end"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(string: str, translation: str, fault: str) -> None:
    entry = f'#, python-format\nmsgid "{string}"\nmsgstr "{translation}"'
    assert fault in "\n".join(catalogues.faults(read(entry)))


def test_a_fuzzy_translation_is_refused() -> None:
    assert "is fuzzy" in "\n".join(catalogues.faults(read('#, fuzzy\nmsgid "Stop"\nmsgstr "Detener"')))


def test_a_string_without_a_note_is_named() -> None:
    assert catalogues.without_note(read('msgid "Stop"\nmsgstr ""', "en", note="")) == ["Stop"]
    assert catalogues.without_note(read('msgid "Stop"\nmsgstr ""', "en")) == []


def plural(*forms: str) -> str:
    lines = [f'msgstr[{number}] "{form}"' for number, form in enumerate(forms)]
    return "\n".join(
        ["#, python-format", 'msgid "%(n)d server"', 'msgid_plural "%(n)d servers"', *lines],
    )


def test_a_plural_form_may_leave_its_number_out_but_not_the_last() -> None:
    good = plural("لا خوادم", "خادم واحد", "خادمان", "%(n)d خوادم", "%(n)d خادمًا", "%(n)d خادم")
    assert list(catalogues.faults(read(good, "ar"))) == []
    bad = plural("لا خوادم", "خادم واحد", "خادمان", "%(n)d خوادم", "%(n)d خادمًا", "خادم")
    assert "other placeholders" in "\n".join(catalogues.faults(read(bad, "ar")))


def test_a_language_has_all_its_plural_forms_and_no_more() -> None:
    assert catalogues.missing(read(plural("un", "%(n)d", "%(n)d"), "es")) == []
    assert catalogues.missing(read(plural("un", "%(n)d"), "es")) == ["%(n)d server"]
    with pytest.raises(PoFileError):
        read(plural("un", "%(n)d", "%(n)d", "%(n)d"), "es")


def test_what_is_not_translated_is_missing() -> None:
    assert catalogues.missing(read('msgid "Stop"\nmsgstr ""')) == ["Stop"]
    assert catalogues.missing(read('msgid "Stop"\nmsgstr "Detener"')) == []


def test_no_catalogue_of_the_console_has_a_fault() -> None:
    for language in catalogues.PLURALS:
        assert list(catalogues.faults(catalogues.read(language))) == [], language


def test_an_update_keeps_translations_drops_what_is_gone_and_brings_the_notes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template, notes = Catalog(), Catalog()
    template.add("Stop")
    template.add("Start")
    notes.add("Stop", user_comments=["A button."])
    old = read('msgid "Stop"\nmsgstr "Detener"\n\nmsgid "Gone"\nmsgstr "Fuera"', note="# Old.\n")
    monkeypatch.setattr(catalogues, "read", lambda language: old)
    written = catalogues.updated("es", template, notes).decode()
    assert written.endswith('msgid "Start"\nmsgstr ""\n\n# A button.\nmsgid "Stop"\nmsgstr "Detener"\n\n')
    assert "Fuera" not in written


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A console of one module and one template, with its catalogues."""
    for folder in catalogues.SOURCES:
        (tmp_path / folder).mkdir()
    shutil.copy(CHECKOUT / "vpspanel" / "catalogues.py", tmp_path / "vpspanel")
    (tmp_path / "vpspanel" / "words.py").write_text('word = gettext("Stop")\n')
    (tmp_path / "templates" / "page.html").write_text('{% translate "Start" %}\n')
    return tmp_path


def call(checkout: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vpspanel.catalogues", command],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def catalogue(checkout: Path, language: str, suffix: str = "po") -> Path:
    return checkout / "vpspanel" / "locale" / language / "LC_MESSAGES" / f"django.{suffix}"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_the_strings_of_modules_and_templates_come_into_every_catalogue_and_twice_is_once(
    checkout: Path,
) -> None:
    for _ in range(2):  # the second time with the folder of the catalogues there
        assert call(checkout, "update").returncode == 0
        for language in catalogues.PLURALS:
            written = catalogue(checkout, language).read_text()
            assert 'msgid "Stop"' in written
            assert 'msgid "Start"' in written


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext is not installed")
def test_catalogues_that_lack_something_are_refused(checkout: Path) -> None:
    call(checkout, "update")
    (checkout / "vpspanel" / "words.py").write_text('word = gettext("Stop it")\n')
    said = call(checkout, "check")
    assert "ta lacks 2 translations" in said.stderr
    assert "'Start' has no note" in said.stderr
    assert "ar is older than the sources" in said.stderr
    assert said.returncode == 1


def test_a_catalogue_is_compiled_when_it_has_changed(checkout: Path) -> None:
    for language in catalogues.PLURALS:
        catalogue(checkout, language).parent.mkdir(parents=True)
        catalogue(checkout, language).write_bytes(
            catalogues.header(language) + b'msgid "Stop"\nmsgstr "One"\n'
        )
    assert call(checkout, "compile").returncode == 0
    made = catalogue(checkout, "ta", "mo")
    assert b"One" in made.read_bytes()
    first = made.stat().st_ino
    call(checkout, "compile")
    assert made.stat().st_ino == first
    catalogue(checkout, "ta").write_bytes(catalogues.header("ta") + b'msgid "Stop"\nmsgstr "Two"\n')
    call(checkout, "compile")
    assert b"Two" in made.read_bytes()
    assert [file.name for file in made.parent.iterdir() if file.suffix not in (".po", ".mo")] == []
