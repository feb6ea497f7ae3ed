"""Text that is not marked for translation is found; what is marked, or for nobody, is left in peace."""

import pytest

from vpspanel.unmarked import in_python, in_template


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("<p>Stopped</p>", "Stopped"),
        ("<p>{{ n }} servers</p>", "servers"),
        ('<button aria-label="Close"></button>', 'aria-label="Close"'),
        ('<a title="{{ name }} is off">{{ name }}</a>', 'title="… is off"'),
        ('<input placeholder="Name">', 'placeholder="Name"'),
        ('<img alt="A server">', 'alt="A server"'),
        ('<input type="submit" value="Save">', 'value="Save"'),
        ('<button data-copied="Copied.">{{ copy }}</button>', 'data-copied="Copied."'),
        ("<p>{{ name|default:'none' }}</p>", "none"),
        ('{% include "_field.html" with help="Not sure?" %}', "Not sure?"),
        ("{% translate 'One' %} and {% translate 'two' %}", "and"),
        ("<p>CSV files of VPS.org</p>", "CSV files of VPS.org"),
    ],
)
def test_it_finds_text_of_a_template_that_is_not_marked(template: str, text: str) -> None:
    assert [found for _, found in in_template(template)] == [text]


@pytest.mark.parametrize(
    "template",
    [
        "<p>{% translate 'Stopped' %}</p>",
        "{% blocktranslate count n=n %}{{ n }} server{% plural %}{{ n }} servers{% endblocktranslate %}",
        "{# The message region #}{% comment %}of the page{% endcomment %}",
        '<p class="message message--{{ level|default:"success" }}" data-seconds="{{ age }}">{{ sentence }}</p>',
        '{% include "_field.html" with id="likely" help=_("Not sure?") %}',
        "<p>CSV, cURL, VPS.org: 3 / 4</p>",
        "<p><kbd>j</kbd> <code>YOUR_API_TOKEN</code></p>",
        "{% block width %}narrow{% endblock %}",
    ],
)
def test_it_leaves_alone_what_is_marked_or_no_text(template: str) -> None:
    assert list(in_template(template)) == []


def test_it_names_the_line_of_a_template() -> None:
    assert list(in_template("{# a note #}\n<p>\n  {{ name }}\n  Stopped\n</p>\n")) == [(4, "Stopped")]


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, "Text")',
        'raise forms.ValidationError("Text")',
        'form.add_error("name", "Text")',
        'form.add_error(None, f"Text {name}")',
        'form.add_error(None, "Text %s" % name)',
        'form.add_error(None, "Text {}".format(name))',
        'forms.CharField(label="Text")',
        'forms.CharField(error_messages={"required": "Text"})',
        'forms.TextInput(attrs={"placeholder": "Text"})',
        'RegexValidator(NAME, "Text")',
        'field.help_text = "Text"',
        'class Role(models.TextChoices):\n    VIEWER = "viewer", "Text"',
    ],
)
def test_it_finds_text_of_a_module_that_is_not_marked(source: str) -> None:
    assert [text.strip(" %s{}") for _, text in in_python(source)] == ["Text"]


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, gettext("Text"))',
        'form.add_error("name", sentence % {"name": name})',
        'form.add_error(None, f"{told(problem)}")',
        'forms.CharField(label=_("Text"), required=False)',
        'class Role(models.TextChoices):\n    VIEWER = "viewer", _("Text")',
        'field.help_text = ""',
    ],
)
def test_it_leaves_alone_what_a_module_marks(source: str) -> None:
    assert list(in_python(source)) == []
