"""Texts of libraries that have no Vietnamese of their own; the register's catalogues translate them.

LOCALE_PATHS comes before the libraries' own catalogues, so a text listed here and translated in portal/locale is
shown. Listed is what an editor or a visitor can meet; an entry is the text, or singular and plural, or the text in its
context. After an update of a library, compare with its catalogue and drop what it has translated since.
"""

# ruff: noqa: E501 - a text stands whole, as its library has it

from typing import NamedTuple


class InContext(NamedTuple):
    """A text that its library tells from an equal one by a context."""

    context: str
    text: str


# Django 5.2
DJANGO = (
    # Core: validation, forms, pages of results, time spans, the page for a refused form
    "That page number is not an integer",
    "That page number is less than 1",
    "That page contains no results",
    "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
    "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.",
    "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s.",
    "Null characters are not allowed.",
    "Constraint “%(name)s” is violated.",
    "“%(value)s” value must be either True or False.",
    "“%(value)s” value must be either True, False, or None.",
    "“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format.",
    "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
    "“%(value)s” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.",
    "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an invalid date/time.",
    "“%(value)s” value must be a decimal number.",
    "“%(value)s” value must be a float.",
    "“%(value)s” value must be an integer.",
    "“%(value)s” value must be either None, True or False.",
    "“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.",
    "“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.",
    "%(model)s instance with %(field)s %(value)r is not a valid choice.",
    "%(from)s-%(to)s relationship",
    "%(from)s-%(to)s relationships",
    "Enter a complete value.",
    "ManagementForm data is missing or has been tampered with. Missing fields: %(field_names)s. You may need to file a bug report if the issue persists.",
    ("Please submit at most %(num)d form.", "Please submit at most %(num)d forms."),
    ("Please submit at least %(num)d form.", "Please submit at least %(num)d forms."),
    "The inline value did not match the parent instance.",
    "“%(pk)s” is not a valid value.",
    "%(datetime)s couldn’t be interpreted in time zone %(current_timezone)s; it may be ambiguous or it may not exist.",
    ("%(num)d year", "%(num)d years"),
    ("%(num)d month", "%(num)d months"),
    ("%(num)d week", "%(num)d weeks"),
    ("%(num)d day", "%(num)d days"),
    ("%(num)d hour", "%(num)d hours"),
    ("%(num)d minute", "%(num)d minutes"),
    "Forbidden",
    "CSRF verification failed. Request aborted.",
    "You are seeing this message because this HTTPS site requires a “Referer header” to be sent by your web browser, but none was sent. This header is required for security reasons, to ensure that your browser is not being hijacked by third parties.",
    "If you have configured your browser to disable “Referer” headers, please re-enable them, at least for this site, or for HTTPS connections, or for “same-origin” requests.",
    'If you are using the <meta name="referrer" content="no-referrer"> tag or including the “Referrer-Policy: no-referrer” header, please remove them. The CSRF protection requires the “Referer” header to do strict referer checking. If you’re concerned about privacy, use alternatives like <a rel="noreferrer" …> for links to third-party sites.',
    "You are seeing this message because this site requires a CSRF cookie when submitting forms. This cookie is required for security reasons, to ensure that your browser is not being hijacked by third parties.",
    "If you have configured your browser to disable cookies, please re-enable them, at least for this site, or for “same-origin” requests.",
    # The admin site
    "Select this object for an action - {}",
    "Breadcrumbs",
    "Model name",
    "Add link",
    "Change or view list link",
    "After you’ve created a user, you’ll be able to edit more user options.",
    "Error:",
    "Set password",
    ("Please correct the error below.", "Please correct the errors below."),
    "This action will <strong>enable</strong> password-based authentication for this user.",
    "Disable password-based authentication",
    "Enable password-based authentication",
    "Skip to main content",
    "Hide counts",
    "Show counts",
    "Toggle theme (current theme: auto)",
    "Toggle theme (current theme: light)",
    "Toggle theme (current theme: dark)",
    "Added:",
    "Changed:",
    "Deleted:",
    "Forgotten your login credentials?",
    "Toggle navigation",
    "Sidebar",
    "Filter navigation items",
    ("entry", "entries"),
    "View selected %(model)s",
    "In case you’ve forgotten, you are:",
    "Select all objects on this page for an action",
    # Accounts and passwords
    "Conflicting form data submitted. Please try again.",
    "Password-based authentication was disabled.",
    "Set password: %s",
    "Reset password",
    "Set password",
    "Whether the user will be able to authenticate using a password or not. If disabled, they may still be able to authenticate using other backends, such as Single Sign-On or LDAP.",
    "Password-based authentication",
    "Enabled",
    "Disabled",
    "Raw passwords are not stored, so there is no way to see the user’s password.",
    "Enable password-based authentication for this user by setting a password.",
    (
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    "Enter a valid username. This value may contain only unaccented lowercase a-z and uppercase A-Z letters, numbers, and @/./+/-/_ characters.",
    # “View on site”
    "Content type %(ct_id)s object %(obj_id)s doesn’t exist",
    "%(ct_name)s objects don’t have a get_absolute_url() method",
)

# The scripts of Django 5.2's admin site, which have a catalogue of their own (djangojs)
DJANGO_SCRIPTS = (
    'Choose %s by selecting them and then select the "Choose" arrow button.',
    "Choose all %s",
    "Choose selected %s",
    "Remove selected %s",
    'Remove %s by selecting them and then select the "Remove" arrow button.',
    "Type into this box to filter down the list of selected %s.",
    "(click to clear)",
    "Remove all %s",
    ("%s selected option not visible", "%s selected options not visible"),
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    InContext("abbrev. day Sunday", "Sun"),
    InContext("abbrev. day Monday", "Mon"),
    InContext("abbrev. day Tuesday", "Tue"),
    InContext("abbrev. day Wednesday", "Wed"),
    InContext("abbrev. day Thursday", "Thur"),
    InContext("abbrev. day Friday", "Fri"),
    InContext("abbrev. day Saturday", "Sat"),
)
