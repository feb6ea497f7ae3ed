"""The three roles, as groups with permissions."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

LOOK = {"look": "Look at servers and activity"}
OPERATE = LOOK | {"power": "Start, stop and restart servers", "edit": "Edit servers"}
MANAGE = OPERATE | {
    "create": "Create servers",
    "delete": "Delete servers",
    "members": "Manage members and the catalogue",
}
ROLES = {"Viewer": LOOK, "Operator": OPERATE, "Manager": MANAGE}


def make_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    Group = apps.get_model("auth", "Group")
    # Django makes a model's permissions only after all migrations, so they are made here, as it would make them.
    activity, _ = ContentType.objects.get_or_create(app_label="servers", model="activity")
    for role, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        for codename, name in permissions.items():
            permission, _ = Permission.objects.get_or_create(
                content_type=activity, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    dependencies = [
        ("servers", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
