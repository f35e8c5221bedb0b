"""The tags of a page's head: its texts, its address, and what it tells machines.

Registered as built-ins, so no template loads them.
"""

from html import unescape

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal import structured

register = template.Library()


@register.simple_block_tag
def capture(content: SafeString) -> SafeString:
    """The rendered content on one line, to be shown more than once: {% capture as page_title %}…{% endcapture %}."""
    return mark_safe(" ".join(content.split()))  # noqa: S308 - what a template has rendered, with other spaces


@register.simple_tag(takes_context=True)
def canonical(context) -> str:
    """The address a page is known by: filters and orders are states of the plain list, its pages are not."""
    request, filterset, page = context["request"], context.get("filterset"), context.get("page_obj")
    number = page.number if page and filterset and filterset.is_plain else 1
    return request.build_absolute_uri(f"{request.path}?page={number}" if number > 1 else request.path)


@register.filter
def kind_name(record) -> str:
    """What a record is, in the reader's language: Initiative."""
    name = str(record._meta.verbose_name)
    return name[:1].upper() + name[1:]


@register.simple_tag(takes_context=True)
def json_ld(context, thing: structured.Thing) -> SafeString:
    """A script element that holds data and runs nothing, so that the content security policy leaves it alone."""
    text = structured.script_text(thing, context["request"].build_absolute_uri)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308 - `script_text` escapes what could end the element


@register.simple_tag(takes_context=True)
def dataset(context, name: SafeString, description: SafeString) -> structured.Thing:
    """A list as data to be reused, from the texts of its page."""
    return structured.dataset(unescape(name), unescape(description), context["request"].path)


@register.simple_tag(takes_context=True)
def breadcrumbs(context, section_url: str, section: str, here: str) -> str:
    """Keep the way to the page, as its visible breadcrumbs show it, for the end of the page: not among its words."""
    sections = [(section, section_url)] if section else []
    crumbs = [(_("Home"), reverse("home")), *sections, (here, "")]
    context["request"].breadcrumbs = structured.breadcrumbs(crumbs)
    return ""


@register.simple_tag(takes_context=True)
def in_format(context, suffix: str) -> str:
    """The list of the page in another format, with its filter: meetings.csv beside meetings/."""
    return f"{context['request'].path.removesuffix('/')}.{suffix}{context['filterset'].valid_query}"


@register.simple_tag(takes_context=True)
def in_api(context) -> str:
    """The list of the page in the API, with its filter."""
    name = context["request"].path.removesuffix("/").rpartition("/")[2]
    return reverse("api_list", args=[name]) + context["filterset"].valid_query


@register.simple_tag(takes_context=True)
def webcal(context, path: str) -> str:
    """The address by which a calendar program subscribes instead of downloading once."""
    return f"webcal://{context['request'].get_host()}{path}"
