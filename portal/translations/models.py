"""Which text is older than the same text in the other language."""

from django.db import models


class OutdatedText(models.Model):
    """The text of one field in one language, left behind when the other language was changed.

    There is a row only while that is so: it goes when the text is changed too, when the other
    one is changed back, when either is emptied, and when an editor says that it is still right.
    """

    kind = models.CharField(max_length=60)  # as "meetings.meeting"
    record = models.BigIntegerField()
    field = models.CharField(max_length=60)
    language = models.CharField(max_length=2)
    # What the other language said when this text was right.
    before = models.TextField()
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "portal"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["kind", "record", "field"], name="one_outdated_text_a_field")]

    def __str__(self) -> str:
        return f"{self.kind} {self.record} {self.field}_{self.language}"
