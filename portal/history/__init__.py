"""What records said before: who changed what and when, and the way back; two editors at one form.

The revisions themselves are django-reversion's, made by `portal.revisions` and by the
content updates. This package knows which of them belong to which record, reads them
as a history, and restores from them.
"""
