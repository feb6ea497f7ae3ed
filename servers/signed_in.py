"""Who asks: the member, what the member may do, and the row of the session, with one query each.

They are written as SQL, because they run at every request, and Django's query builder takes longer over them than all
the rest of a small page. Nothing is kept for the next request: a role that was lowered and a session that was ended
count at once.
"""

from typing import Any, Final

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import User
from django.db import connection

from .people import OpenSession, Profile
from .second_step import STEPS

MEMBER: Final = "SELECT * FROM auth_user WHERE id = %s"
MAY: Final = """
    SELECT type.app_label, permission.codename
    FROM auth_permission permission JOIN django_content_type type ON type.id = permission.content_type_id
    WHERE permission.id IN (
        SELECT permission_id FROM auth_user_user_permissions WHERE user_id = %s
        UNION
        SELECT held.permission_id FROM auth_group_permissions held
        JOIN auth_user_groups member ON member.group_id = held.group_id WHERE member.user_id = %s
    )
"""
SESSION: Final = """
    SELECT session.*, profile.id AS profile_id, profile.language, profile.time_zone, profile.theme,
        profile.rows AS profile_rows, profile.keys AS profile_keys,
        (SELECT who FROM servers_secondsteprule LIMIT 1) AS second_step_rule,
        EXISTS (
            SELECT 1 FROM mfa_authenticator step WHERE step.user_id = session.user_id AND step.type IN (%s, %s)
        ) AS has_second_step,
        EXISTS (SELECT 1 FROM servers_draft draft WHERE draft.user_id = session.user_id) AS has_drafts
    FROM servers_opensession session LEFT JOIN servers_profile profile ON profile.user_id = session.user_id
    WHERE session.id = %s AND session.user_id = %s
"""


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's way to sign in, with the two questions that every request asks."""

    def get_user(self, user_id: int) -> User | None:
        """The member of a session, unless the access is switched off."""
        user = next(iter(User.objects.raw(MEMBER, [user_id])), None)
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """What the member may do, by role or directly, as "servers.power"."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None or user_obj.is_superuser:
            return set(super().get_all_permissions(user_obj, obj))
        if not hasattr(user_obj, "held_permissions"):
            with connection.cursor() as cursor:
                cursor.execute(MAY, [user_obj.pk, user_obj.pk])
                user_obj.held_permissions = {f"{app}.{name}" for app, name in cursor.fetchall()}
        held: set[str] = user_obj.held_permissions
        return held


def session_row(row_id: int, user_id: int) -> OpenSession | None:
    """The row of a session of this member, with the rule about the second step, whether the member has one, and whether
    there are drafts."""
    return next(iter(OpenSession.objects.raw(SESSION, [*STEPS, row_id, user_id])), None)


def profile_of(row: Any) -> Profile:
    """The profile that came with the row of a session; one that is not saved yet where there is none."""
    if row is None or row.profile_id is None:
        return Profile()
    return Profile(
        id=row.profile_id,
        user_id=row.user_id,
        language=row.language,
        time_zone=row.time_zone,
        theme=row.theme,
        rows=row.profile_rows,
        keys=row.profile_keys,
    )
