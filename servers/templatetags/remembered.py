"""{% remembered %}: pieces of a page that show a few values and nothing else, drawn once in this process."""

from typing import Any, Final

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language

register = template.Library()

MOST: Final = 256
"""So many ways of a piece are kept; then all go."""


@register.tag
def remembered(parser: Parser, token: Token) -> "Remembered":
    """`{% remembered name=user.username here=request.resolver_match.url_name %}…{% endremembered %}`.

    The piece is kept under these values and the language. Inside, nothing else of the page can be shown: its variables
    are not there, so nobody's page comes to somebody else. `{% csrf_token %}` stays outside, and the query that
    `{% querystring %}` reads is among the values.
    """
    _, *bits = token.split_contents()
    values = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"remembered takes name=value only, not {' '.join(bits)}")
    nodes = parser.parse(("endremembered",))
    parser.delete_first_token()
    return Remembered(nodes, values)


class Remembered(template.Node):
    """The piece, with what was drawn of it."""

    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist, self.values = nodelist, values
        self.drawn: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        """The piece for the values as they are now."""
        values = {name: value.resolve(context) for name, value in self.values.items()}
        key = (get_language(), *values.values())
        text = self.drawn.get(key)
        if text is None:
            if len(self.drawn) >= MOST:
                self.drawn.clear()
            text = self.drawn[key] = self.nodelist.render(context.new(values))
        return text
