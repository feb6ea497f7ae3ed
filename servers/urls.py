"""The site map."""

from django.urls import path, register_converter

from .remote.objects import SERVER_ID
from .views import (
    about,
    account,
    activity,
    bulk,
    code,
    create,
    drafts,
    entrance,
    export,
    fleet,
    invitations,
    language,
    me,
    members,
    power,
    probes,
    server,
    start,
    team,
)


class ServerId:
    """Server ids are opaque: letters, digits and hyphens."""

    regex = SERVER_ID.pattern

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ServerId, "server")

urlpatterns = [
    path("", start.start, name="home"),
    path("connect/", account.connect, name="connect"),
    path("again/", entrance.again, name="again"),
    path("signed-in/", account.signed_in, name="signed-in"),
    path("disconnect/", account.disconnect, name="disconnect"),
    path("servers/", fleet.servers, name="server-list"),
    path("servers.csv", export.servers, name="server-csv"),
    path("servers/code/", code.servers, name="code"),
    path("servers/poll/", fleet.poll, name="poll"),
    path("servers/new/", create.new, name="server-new"),
    path("servers/new/code/", code.new, name="server-new-code"),
    path("servers/new/summary/", create.summary, name="server-new-summary"),
    path("servers/check/", create.check, name="server-check"),
    path("servers/new/<uuid:form_key>/", create.outcome, name="server-new-outcome"),
    path("servers/<server:server_id>/", server.detail, name="server-detail"),
    path("servers/<server:server_id>/usage/", server.usage, name="server-usage"),
    path("servers/<server:server_id>/recent/", server.recent, name="server-recent"),
    path("servers/<server:server_id>/edit/", server.edit, name="server-edit"),
    path("servers/<server:server_id>/rename/", server.rename, name="server-rename"),
    path("servers/<server:server_id>/backups/", server.backups, name="server-backups"),
    path("servers/<server:server_id>/delete/", server.delete, name="server-delete"),
    path("servers/<server:server_id>/code/", code.server, name="server-code"),
    path("servers/<server:server_id>/notes/", team.notes, name="server-notes"),
    path("servers/<server:server_id>/notes/<int:note_id>/delete/", team.delete_note, name="note-delete"),
    path("servers/<server:server_id>/tags/", team.tags, name="server-tags"),
    path("servers/<server:server_id>/protection/", team.protection, name="server-protection"),
    path(
        "servers/<server:server_id>/start/",
        power.power,
        {"action": "start"},
        name="server-start",
    ),
    path(
        "servers/<server:server_id>/stop/",
        power.power,
        {"action": "stop"},
        name="server-stop",
    ),
    path(
        "servers/<server:server_id>/reboot/",
        power.power,
        {"action": "reboot"},
        name="server-reboot",
    ),
    path("bulk/new/", bulk.new, name="bulk-new"),
    path("bulk/<uuid:run_id>/", bulk.run, name="bulk"),
    path("bulk/<uuid:run_id>/drive/", bulk.drive, name="bulk-drive"),
    path("bulk/<uuid:run_id>/<str:command>/", bulk.command, name="bulk-command"),
    path("drafts/", drafts.draft, name="draft"),
    path("activity/", activity.activity, name="activity"),
    path("activity.csv", activity.activity_csv, name="activity-csv"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="members-invite"),
    path("members/links/<int:invitation_id>/withdraw/", members.withdraw, name="members-withdraw"),
    path("members/<int:member_id>/", members.member, name="member"),
    path("members/<int:member_id>/role/", members.role, name="member-role"),
    path("members/<int:member_id>/switch-off/", members.switch, {"on": False}, name="member-switch-off"),
    path("members/<int:member_id>/switch-on/", members.switch, {"on": True}, name="member-switch-on"),
    path("members/<int:member_id>/end-sessions/", members.end_sessions, name="member-end-sessions"),
    path("members/<int:member_id>/new-password/", members.password_link, name="member-new-password"),
    path(
        "members/<int:member_id>/no-second-step/", members.take_away_second_step, name="member-no-second-step"
    ),
    path("members/second-step/", members.second_step, name="members-second-step"),
    path("invited/", invitations.invited, name="invited"),
    path("invited/<str:secret>/", invitations.link, name="invited-link"),
    path("me/", me.me, name="me"),
    path("me/end-others/", me.end_other_sessions, name="me-end-others"),
    path("me/leave/", me.leave, name="me-leave"),
    path("keys/", about.keys, name="keys"),
    path("words/", about.words, name="words"),
    path("accessibility/", about.accessibility, name="accessibility"),
    path("manifest.webmanifest", about.manifest, name="manifest"),
    path("language/", language.language, name="language"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.counts, name="metrics"),
]
