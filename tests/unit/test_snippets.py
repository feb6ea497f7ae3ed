"""Code to copy: whatever stands in a field comes out as it was, in every language, and no key is in it."""

import ast
import json
import shlex
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from servers import snippets
from servers.snippets import KEY, Value

BASE = "https://admin.vps.org/api/v1"

# What the database and a browser's form can hold: no NUL, no half of a pair.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.lists(
    st.sampled_from(["'", '"', "\\", "\n", "$", "`", "{", "</script>", "\u202e", "\U0001f600", "?>", "u"])
).map("".join)
BODIES = st.fixed_dictionaries({"name": TEXTS, "plan_id": st.integers(0, 2**63 - 1), "on": st.booleans()})


def code(body: dict[str, Value]) -> dict[str, str]:
    request = snippets.create_server(body)
    return {snippet.name: snippet.code for snippet in snippets.snippets(BASE, request)}


@given(BODIES)
def test_a_shell_reads_the_body_as_it_was(body: dict[str, Value]) -> None:
    words = shlex.split(code(body)["curl"].replace(" \\\n", " "))
    assert words[:4] == ["curl", "-X", "POST", f"{BASE}/servers/"]
    assert words[4:8] == ["-H", f"Authorization: Bearer {KEY}", "-H", "Content-Type: application/json"]
    assert words[8] == "-d"
    assert json.loads(words[9]) == body
    assert len(words) == 10


@given(BODIES)
def test_python_reads_the_body_as_it_was(body: dict[str, Value]) -> None:
    assigned = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(code(body)["python"]).body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and not isinstance(statement.value, ast.Call)
    }
    assert assigned == {
        "url": f"{BASE}/servers/",
        "headers": {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
        "data": body,
    }


@given(BODIES)
def test_a_value_never_breaks_a_line_or_turns_the_text_around(body: dict[str, Value]) -> None:
    plain = code({"name": "x", "plan_id": 1, "on": True})
    for name, text in code(body).items():
        assert len(text.splitlines()) == len(plain[name].splitlines())
        assert text.replace("\n", "").isprintable()


@given(status=TEXTS, location=TEXTS)
def test_a_filter_stays_inside_its_parameter(status: str, location: str) -> None:
    path = snippets.list_servers(status, location).path
    assert path.isascii()
    assert path.startswith("/servers/")
    given_back = parse_qs(urlsplit(path).query, keep_blank_values=True)
    assert given_back == {k: [v] for k, v in (("status", status), ("location", location)) if v}


def test_it_looks_as_in_the_documentation() -> None:
    texts = [snippet.code for snippet in snippets.snippets(BASE, snippets.on_server("12345", "start"))]
    assert texts == [
        f"""curl -X POST {BASE}/servers/12345/start/ \\
  -H "Authorization: Bearer YOUR_API_TOKEN" \\
  -H "Content-Type: application/json\"""",
        f"""import requests

url = "{BASE}/servers/12345/start/"
headers = {{
    "Authorization": "Bearer YOUR_API_TOKEN",
    "Content-Type": "application/json",
}}

response = requests.post(url, headers=headers)
print(response.json())""",
        f"""const response = await fetch("{BASE}/servers/12345/start/", {{
  method: "POST",
  headers: {{
    "Authorization": "Bearer YOUR_API_TOKEN",
    "Content-Type": "application/json"
  }}
}});

console.log(await response.json());""",
        f"""$ch = curl_init('{BASE}/servers/12345/start/');
curl_setopt($ch, CURLOPT_CUSTOMREQUEST, 'POST');
curl_setopt($ch, CURLOPT_HTTPHEADER, [
    'Authorization: Bearer YOUR_API_TOKEN',
    'Content-Type: application/json'
]);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);

$response = curl_exec($ch);
print_r(json_decode($response, true));""",
    ]
