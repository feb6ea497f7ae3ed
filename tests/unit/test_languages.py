"""How numbers, dates, times, lists and plurals are said in the five languages."""

import gettext
from datetime import UTC, datetime

import pytest
import time_machine
from babel import Locale
from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format

from servers import words
from servers.templatetags import looks
from vpspanel import catalogues

NUMBERS = (1, 2, 3, 11, 100)

AGES = {
    "en": ["1 second ago", "2 seconds ago", "3 seconds ago", "11 seconds ago", "1 minute ago"],
    "ta": [
        "1 விநாடிக்கு முன்",
        "2 விநாடிகளுக்கு முன்",
        "3 விநாடிகளுக்கு முன்",
        "11 விநாடிகளுக்கு முன்",
        "1 நிமிடத்திற்கு முன்",
    ],
    "hi": ["1 सेकंड पहले", "2 सेकंड पहले", "3 सेकंड पहले", "11 सेकंड पहले", "1 मिनट पहले"],
    "es": ["hace 1 segundo", "hace 2 segundos", "hace 3 segundos", "hace 11 segundos", "hace 1 minuto"],
    "ar": ["قبل ثانية واحدة", "قبل ثانيتين", "قبل 3 ثوانِ", "قبل 11 ثانية", "قبل دقيقة واحدة"],
}
HOURS = {
    "en": ["1 hour", "2 hours", "3 hours", "11 hours", "100 hours"],
    "ta": ["1 மணிநேரம்", "2 மணிநேரங்கள்", "3 மணிநேரங்கள்", "11 மணிநேரங்கள்", "100 மணிநேரங்கள்"],
    "hi": ["1 घंटा", "2 घंटे", "3 घंटे", "11 घंटे", "100 घंटे"],
    "es": ["1 hora", "2 horas", "3 horas", "11 horas", "100 horas"],
    "ar": ["ساعة", "ساعتان", "3 ساعات", "11 ساعة", "100 ساعة"],
}


@pytest.mark.parametrize("language", AGES)
def test_an_age_has_the_plural_of_its_number(language: str) -> None:
    with translation.override(language):
        assert [looks.age(number) for number in NUMBERS] == AGES[language]
        assert looks.age(0) == AGES[language][0]


@pytest.mark.parametrize("language", HOURS)
def test_a_duration_has_the_plural_of_its_number_and_does_not_break(language: str) -> None:
    with translation.override(language):
        said = [looks.duration(number * 3600) for number in NUMBERS]
    assert said == [words.replace(" ", "\xa0") for words in HOURS[language]]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Anna, Ben, or Carl"),
        ("ta", "Anna, Ben அல்லது Carl"),
        ("hi", "Anna, Ben या Carl"),
        ("es", "Anna, Ben o Carl"),
        ("ar", "Anna أو Ben أو Carl"),
    ],
)
def test_names_are_listed_as_the_language_does(language: str, said: str) -> None:
    with translation.override(language):
        assert words.one_of(["Anna", "Ben", "Carl"]) == said
        assert words.one_of(["Anna"]) == "Anna"


@pytest.mark.parametrize(
    ("language", "short", "whole"),
    [
        ("en", "9 Sep 2026", "9 September 2026, 14:02 UTC"),
        ("ta", "9 செப் 2026", "9 செப்டம்பர், 2026, 14:02 UTC"),
        ("hi", "9 सितंबर 2026", "9 सितंबर 2026, 14:02 UTC"),
        ("es", "9 sep 2026", "9 de septiembre de 2026, 14:02 UTC"),
        ("ar", "9 سبتمبر 2026", "9 سبتمبر 2026، 14:02 UTC"),
    ],
)
@time_machine.travel("2026-11-25T12:00:00Z", tick=False)
def test_a_date_is_written_as_the_language_does(language: str, short: str, whole: str) -> None:
    with translation.override(language):
        said = looks.moment(datetime(2026, 9, 9, 14, 2, tzinfo=UTC))
    assert f'title="{whole}">{short}</time>' in said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "1.5"), ("ta", "1.5"), ("hi", "1.5"), ("es", "1,5"), ("ar", "1.5")]
)
def test_a_number_has_the_decimal_sign_of_the_language_and_latin_figures(language: str, said: str) -> None:
    with translation.override(language):
        assert number_format(1.5) == said


def test_the_plural_forms_of_a_catalogue_tell_apart_what_the_language_does() -> None:
    """Two numbers that the Unicode data tell apart have two forms; zero may go with the many."""
    for language, rule in catalogues.PLURALS.items():
        form = gettext.c2py(rule.partition("plural=")[2].rstrip(";"))
        category = Locale.parse(language).plural_form
        pairs = {(category(number), form(number)) for number in range(1, 2_000)}
        assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}), language


def test_every_language_is_offered_under_its_own_name_and_has_a_catalogue_and_formats() -> None:
    assert [code for code, _ in settings.LANGUAGES] == list(catalogues.PLURALS)
    for code, name in settings.LANGUAGES:
        assert name == (Locale.parse(code).get_display_name(code) or "").capitalize()
        assert (settings.BASE_DIR / "vpspanel" / "formats" / code / "formats.py").exists()
        assert catalogues.path_of(code).exists()
