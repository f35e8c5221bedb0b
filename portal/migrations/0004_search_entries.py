"""Search entries by language, and the version of the content. Entries are made anew: `manage.py rebuild_search`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0003_unverified_address")]

    operations = [
        migrations.DeleteModel(name="SearchEntry"),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("names", models.TextField()),
                ("words", models.TextField()),
                ("marked", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="ContentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=40)),
            ],
        ),
    ]
