"""Operations for tables that people use while they are changed, on both databases.

Each stands alone in its migration, which has `atomic = False`: PostgreSQL makes an index beside
the others' writes only outside of a transaction. SQLite has one writer anyway, and does as usual.
"""

from django.db import migrations


class AddIndexQuietly(migrations.AddIndex):
    """An index that is made while others write."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        change_index(schema_editor.add_index, schema_editor, to_state, (app_label, self.model_name), self.index)

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        change_index(schema_editor.remove_index, schema_editor, from_state, (app_label, self.model_name), self.index)


class RemoveIndexQuietly(migrations.RemoveIndex):
    """An index that goes without waiting for those who read, and without letting others wait."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        change_index(schema_editor.remove_index, schema_editor, from_state, (app_label, self.model_name), index)

    def database_backwards(self, app_label, schema_editor, from_state, to_state) -> None:
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        change_index(schema_editor.add_index, schema_editor, to_state, (app_label, self.model_name), index)


class AddCheckQuietly(migrations.AddConstraint):
    """A check that holds for new rows at once, and is then proved for the old ones while others write."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = map(schema_editor.quote_name, (model._meta.db_table, self.constraint.name))
        schema_editor.execute(f"{self.constraint.create_sql(model, schema_editor)} NOT VALID", params=None)
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def change_index(act, schema_editor, state, place: tuple[str, str], index) -> None:
    options = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
    act(state.apps.get_model(*place), index, **options)
