"""What a browser would send: the values of a page's form, read from its HTML."""

import html5lib


def form_values(content: str, form_id: str) -> dict[str, list[str]]:
    """Every successful control of the form, by name; empty template rows included, as in a browser."""
    document = html5lib.parse(content, namespaceHTMLElements=False)
    form = document.find(f".//form[@id='{form_id}']")
    values: dict[str, list[str]] = {}
    for control in form.iter():
        name = control.get("name")
        if name and control.tag in {"input", "textarea", "select"}:
            values.setdefault(name, []).extend(control_values(control))
    return values


def control_values(control) -> list[str]:
    if control.tag == "textarea":
        return [(control.text or "").removeprefix("\n")]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [option.get("value", "") for option in options if option.get("selected") is not None]
        return chosen or ([options[0].get("value", "")] if options and control.get("multiple") is None else [])
    if control.get("type") in {"submit", "button"} or (
        control.get("type") == "checkbox" and control.get("checked") is None
    ):
        return []
    return [control.get("value", "on" if control.get("type") == "checkbox" else "")]
