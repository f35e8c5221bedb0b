"""Bringing content in and out without losing anyone's work.

`merge` decides about one field, `values` knows what a record says, `reading` and
`sheets` bring in what fixtures and spreadsheets say, `engine` applies it, `report`
tells of it, `export` writes it back, `views` are the editors' pages.
"""
