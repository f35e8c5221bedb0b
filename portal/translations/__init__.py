"""Both languages of every text, kept together.

`models` remembers which text is older than its other language, `follow` notices it at every
write, `texts` says in which state a text is and which records have one that waits,
`desk` reads and saves what the translation desk shows, `views` are its pages.
"""
