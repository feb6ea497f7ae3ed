"""What the cache holds of the servers: nobody's change is lost."""

import time_machine

from servers import snapshot
from servers.remote.objects import Server, ServerList
from servers.snapshot import Snapshot


def listed(**statuses: str) -> ServerList:
    servers = tuple(Server(id=name, name=name, status=status) for name, status in statuses.items())
    return ServerList(servers, len(servers))


def first() -> Snapshot:
    return snapshot.merge(None, listed(web="active", db="active"), before=0)


def test_a_list_that_was_asked_for_before_a_change_does_not_undo_it() -> None:
    known = first()
    asked_at = known.version
    snapshot.put(known, Server(id="web", name="web", status="stopping"))
    snapshot.forget(known, "db")
    merged = snapshot.merge(known, listed(web="active", db="active"), before=asked_at)
    assert {server.id: server.status for server in merged.servers.values()} == {"web": "stopping"}


def test_a_list_that_was_asked_for_after_a_change_counts() -> None:
    known = first()
    snapshot.put(known, Server(id="web", name="web", status="stopping"))
    merged = snapshot.merge(known, listed(web="stopped", db="active"), before=known.version)
    assert merged.servers["web"].status == "stopped"
    assert merged.changed["web"] > merged.changed["db"]


def test_a_single_server_that_was_asked_for_before_a_change_does_not_undo_it() -> None:
    known = first()
    asked_at = known.version
    snapshot.put(known, Server(id="web", name="web", status="stopping"))
    snapshot.see(known, Server(id="web", name="web", status="active"), before=asked_at)
    assert known.servers["web"].status == "stopping"


def test_another_process_reads_what_was_changed_at_the_same_moment() -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        snapshot.take_over("ours", listed(web="active"), before=0)
        theirs = snapshot._memory["ours"]
        snapshot.take_over("ours", listed(web="stopped"), before=0)
        snapshot._memory["ours"] = theirs
        known = snapshot.read("ours")
    assert known and known.servers["web"].status == "stopped"


def test_a_deleted_server_is_not_missed_by_a_list_that_was_asked_for_before_or_after() -> None:
    known = first()
    asked_at = known.version
    snapshot.forget(known, "db")
    assert known.count == 1
    merged = snapshot.merge(known, listed(web="active", db="active"), before=asked_at)
    assert (merged.count, list(merged.servers)) == (1, ["web"])
    assert snapshot.merge(merged, listed(web="active"), before=merged.version).count == 1


def test_nothing_new_leaves_the_version_as_it_was() -> None:
    known = first()
    assert snapshot.merge(known, listed(web="active", db="active"), known.version).version == known.version


def test_every_change_has_a_higher_version_than_the_last() -> None:
    known = first()
    versions = [known.version]
    for status in ("stopping", "stopped", "starting"):
        snapshot.put(known, Server(id="web", name="web", status=status))
        versions.append(known.version)
    assert versions == sorted(set(versions))


def test_what_was_asked_and_not_answered_is_shown_until_something_else_is_seen() -> None:
    known = first()
    snapshot.ask(known, "web", "stop")
    still = snapshot.merge(known, listed(web="active", db="active"), known.version)
    assert still.asked["web"].action == "stop"
    assert snapshot.merge(still, listed(web="stopping", db="active"), still.version).asked == {}


def test_a_single_server_that_is_as_was_asked_ends_the_asking() -> None:
    known = first()
    snapshot.ask(known, "web", "start")
    snapshot.ask(known, "db", "stop")
    for name in ("web", "db"):
        snapshot.see(known, Server(id=name, name=name, status="active"), before=known.version)
    assert list(known.asked) == ["db"]
