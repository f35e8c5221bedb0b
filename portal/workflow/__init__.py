"""The way of a record to the public and back: steps, pending versions, previews.

`models` is the log and the waiting versions, `content` what a record says as plain values, `pending` the
versions that wait beside a published record, `steps` who may take which step, `previews` what visitors would see,
`views` the editors' pages.
"""
