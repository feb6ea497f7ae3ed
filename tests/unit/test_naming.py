"""Which name comes next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.naming import HOSTNAME, SERVER_NAME, newest_series, next_hostname, next_name

names = st.from_regex(r"[A-Za-z0-9-]{1,30}", fullmatch=True)
numbered = st.builds(
    "{}{:03}".format, st.sampled_from(["web-", "Web-", "shop-web-", "w"]), st.integers(0, 120)
)
hosts = st.from_regex(r"[a-z][a-z0-9]{0,5}[0-9]{1,3}\.example\.com", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "taken", "following"),
    [
        ("web-01", ["web-01", "web-02"], "web-03"),
        ("shop-web-2", ["shop-web-2"], "shop-web-3"),
        ("web-09", ["web-09"], "web-10"),
        ("web-99", ["web-99"], "web-100"),
        ("web-1", ["web-1", "web-7"], "web-8"),
        ("web-1", ["web-1", "shop-web-7"], "web-2"),
        ("Web-1", ["Web-1", "web-2"], "Web-3"),
        ("web1", ["web1"], "web2"),
        ("wiki", ["wiki"], "wiki-2"),
        ("wiki", ["wiki", "wiki-2"], "wiki-3"),
        ("wiki-", ["wiki-"], "wiki-2"),
        ("7", ["7"], "8"),
        ("web-20250110123456789", ["web-20250110123456789"], "web-20250110123456790"),
        ("web-999999999", ["web-999999999", "Web-1000000000"], "web-1000000001"),
        ("x" * 250 + "-9999", [], ""),
        ("web server", [], ""),
        ("", [], ""),
    ],
)
def test_a_name_is_followed_by_the_next_of_its_series(name: str, taken: list[str], following: str) -> None:
    assert next_name(name, taken) == following


@given(names | numbered, st.lists(names | numbered))
def test_what_follows_is_a_name_that_nobody_has(name: str, taken: list[str]) -> None:
    following = next_name(name, taken)
    assert SERVER_NAME.fullmatch(following)
    assert following.casefold() not in {other.casefold() for other in [*taken, name]}


@given(st.text(), st.lists(st.text()))
def test_no_name_is_too_strange(name: str, taken: list[str]) -> None:
    following = next_name(name, taken)
    assert (following == "") is (SERVER_NAME.fullmatch(name) is None)
    newest_series([name, *taken])
    next_hostname(name, taken)


@pytest.mark.parametrize(
    ("oldest_first", "name"),
    [
        (["web-01", "web-02", "wiki"], "web-02"),
        (["web-01", "web-02", "shop-1", "shop-2"], "shop-2"),
        (["web-01", "web-02", "vpn-7"], "web-02"),
        (["wiki", "vpn-7"], "vpn-7"),
        (["wiki", "mail"], ""),
        (["web 1"], ""),
        ([], ""),
    ],
)
def test_the_newest_series_is_continued_and_a_single_number_only_without_one(
    oldest_first: list[str], name: str
) -> None:
    assert newest_series(oldest_first) == name


@pytest.mark.parametrize(
    ("hostname", "taken", "following"),
    [
        ("www3.example.com", ["www3.example.com", "www1.example.com"], "www4.example.com"),
        ("web01.example.com", ["web01.example.com", "web02.example.com"], "web03.example.com"),
        ("web01.example.com", ["web02.example.org"], "web02.example.com"),
        ("mail.example.com", [], ""),
        ("web01", [], ""),
        ("x" * 62 + "9.example.com", [], ""),
        ("web_01.example.com", [], ""),
    ],
)
def test_a_hostname_is_followed_only_where_its_first_part_is_numbered(
    hostname: str, taken: list[str], following: str
) -> None:
    assert next_hostname(hostname, taken) == following


@given(hosts, st.lists(hosts))
def test_the_hostname_that_follows_is_used_by_nobody(hostname: str, taken: list[str]) -> None:
    following = next_hostname(hostname, taken)
    assert HOSTNAME.fullmatch(following)
    assert following not in [*taken, hostname]
