"""The groups of the roles. What each may do is given by `portal.accounts.roles` after every migration."""

from django.db import migrations

ROLES = ("editor", "reviewer", "maintainer")


def make_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    for name in ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_accounts"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop, elidable=True)]
