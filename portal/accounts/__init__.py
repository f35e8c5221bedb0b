"""Who may do what in the editors' site, and that they are who they say.

`models` are the rights, the devices signed in and the log; `roles` says which right
each role has, `second_factor` who needs a code and where it comes from, `sessions`
which devices are signed in, `events` writes the log, `lockout` and `passwords` stop
guessing, `views` are the pages, `admin` is the list of users.
"""
