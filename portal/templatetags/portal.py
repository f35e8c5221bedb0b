"""The site's template tags: icons, flags, dates, numbers, sources, addresses.

Registered as built-ins, so no template loads them.
"""

from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from urllib.parse import quote, urlencode

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _

from portal import charts
from portal.dates import iso_date, show_date, show_span
from portal.filters import Option

register = template.Library()

DIRECTION_ICONS = {
    "infrastructure": "radio-tower",
    "digital-government": "landmark",
    "safety-trust": "shield-check",
    "inclusion": "accessibility",
    "talent": "graduation-cap",
    "innovation": "lightbulb",
    "economy-trade": "trending-up",
    "green": "leaf",
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """A glyph of the sprite, always beside a word and so hidden from screen readers."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#i-{}"></use></svg>',
        static("icons/sprite.svg"),
        name,
    )


@register.filter
def direction_icon(direction) -> str:
    return DIRECTION_ICONS.get(direction.slug, "waypoints")


@register.simple_tag
@cache
def flag(code: str) -> SafeString:
    """The flag of a member state; its name always stands beside it."""
    return format_html('<img class="flag" src="{}" alt="" width="24" height="18">', static(f"flags/{code.lower()}.svg"))


OPTION = """<li><label class="opt{}"><input type="checkbox" id="{}-{}" name="{}" value="{}"{}>
<span class="lab">{}</span><span class="n">{}</span></label></li>"""


@lru_cache(maxsize=8000)
def option_row(name: str, option: Option, language: str) -> SafeString:
    """An option of a facet; one that nothing fits stays in its place and cannot be chosen."""
    look, state = ("", "") if option.count else (" zero", " disabled")
    if option.chosen:
        look, state = "", " checked"
    shown = formats.number_format(option.count, force_grouping=True)
    return format_html(OPTION, look, name, option.value, name, option.value, state, option.label, shown)


@register.simple_tag
def facet_options(facet) -> SafeString:
    """The options of a facet. A list shows up to two hundred, which as templates would cost more than its records."""
    language = get_language()
    rows = [option_row(facet.name, option, language) for option in facet.options]
    return mark_safe(f"<ul>{''.join(rows)}</ul>")  # noqa: S308 - rows of `option_row`, which escapes


@register.simple_tag
def choices_of(facet) -> str:
    """How many options a long facet folds away."""
    return count_of_choices(len(facet.options), get_language())


@cache
def count_of_choices(count: int, language: str) -> str:
    return ngettext("%(n)s choice", "%(n)s choices", count) % {"n": count}


LEVEL_ICONS = {"commits": "stamp", "creates": "circle-plus", "steers": "signpost", "takes-note": "notebook-pen"}


@register.simple_tag
def status_badge(status: str, label: str) -> SafeString:
    """The status of an initiative: glyph, word, colour."""
    return badge(f"st st-{status}", f"st-{status}", str(label))


@register.simple_tag
def level_badge(level) -> SafeString:
    """A level of commitment."""
    return badge(f"vb-{level.value}", LEVEL_ICONS.get(level.value, ""), str(level.label))


@register.simple_tag
def verb_badge(decision) -> SafeString:
    """The verb of a decision, as firm as its level."""
    return badge(f"vb-{decision.level}", LEVEL_ICONS.get(decision.level, ""), decision.get_verb_display())


@cache
def badge(look: str, glyph: str, label: str) -> SafeString:
    """One of a few dozen marks that stand on every row of a list."""
    return format_html('<span class="badge {}">{}{}</span>', look, icon(glyph) if glyph else "", label)


@register.simple_tag(takes_context=True)
def stated(context, record, facet: str) -> list:
    """On a list: the values of a facet that a row has, each with `value` and `label`."""
    return context["filterset"].stated(record.pk, facet)


@register.simple_tag(takes_context=True)
def leads(context, initiative) -> SafeString:
    """Who leads an initiative, or that no source says; on a list from its index, elsewhere from what was prefetched."""
    if filterset := context.get("filterset"):
        countries = [(option.value, option.label) for option in filterset.stated(initiative.pk, "country")]
        bodies = [option.label for option in filterset.stated(initiative.pk, "body")]
    else:
        countries = [(country.slug, country.name) for country in initiative.lead_countries.all()]
        bodies = [body.label for body in [public(initiative.lead_body)] if body]
    tags = [tag(flag(code), name) for code, name in countries] + [tag(icon("building-2"), name) for name in bodies]
    return mark_safe("".join(tags) or tag(icon("building-2"), _("lead not stated in our sources")))  # noqa: S308 - `tag` escapes what it holds


@lru_cache(maxsize=5000)
def tag(picture: SafeString, text: str) -> SafeString:
    return format_html('<span class="tag">{}{}</span>', picture, text)


@register.filter
def public(record):
    """The related record if the public may see it, else nothing."""
    return record if record is not None and record.is_public else None


@register.simple_tag
def day(date, precision: str = "day") -> SafeString:
    """A <time> that tells no more than is known."""
    return time_element(date, precision, get_language()) if date else mark_safe("")


@lru_cache(maxsize=4000)
def time_element(date, precision: str, language: str) -> SafeString:
    """A date in a language; the same few stand on many pages, and writing one costs as much as a row of a list."""
    return format_html('<time datetime="{}">{}</time>', iso_date(date, precision), show_date(date, precision))


@register.filter
def local_day(moment) -> date:
    """The day of a moment where the register is kept."""
    return timezone.localdate(moment)


@register.simple_tag
def report_address(record) -> str:
    """Where an error of a record is reported; its path there has no language, so that it is the same in both."""
    path = record.get_absolute_url().removeprefix(f"/{get_language()}")
    return f"{reverse('report_error')}?record={quote(path)}"


@register.filter
def span(record) -> str:
    """The days of a meeting."""
    return show_span(record.start, record.end, record.precision)


@register.filter
def is_latest_of(meeting, meetings) -> bool:
    """Whether a meeting is the last one of a series that is over."""
    return meeting == next((other for other in reversed(meetings) if not other.is_upcoming()), None)


@register.filter
def month_word(day) -> str:
    """The month of a date box: tháng 01, January."""
    return f"tháng {day:%m}" if get_language() == "vi" else formats.date_format(day, "F")


@register.simple_tag
def years(first: int | None, last: int | None) -> str:
    """A span of years, either end of which may be missing."""
    if first and last:
        return f"{first}–{last}" if first != last else str(first)
    if first:
        return _("since %(first)s") % {"first": first}
    return _("until %(last)s") % {"last": last} if last else ""


@register.filter
def session_days(session) -> str:
    return show_span(session.date, session.end_date or session.date) if session.date else ""


@register.filter
def number(value) -> str:
    """A number in the language's grouping, without idle decimals: 2.000, 91,2."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    elif isinstance(value, Decimal):
        value = value.normalize()
    return formats.number_format(value, force_grouping=True)


@register.filter
def percent(value: float) -> str:
    """A length across a drawing, in the notation of SVG whatever the language."""
    return f"{value:.2f}%"


@register.filter
def em(value: float) -> str:
    """A length down a drawing."""
    return f"{value:.2f}em"


@register.filter
def stacked(counts: list[tuple]) -> list[charts.Part]:
    """Pairs of thing and count as the parts of one bar."""
    return charts.stack(counts)


@register.filter
def progress(statuses: list[dict]) -> list[charts.Part]:
    """Statuses with their counts as the parts of one bar, the completed first."""
    return charts.stack([(entry["status"], entry["count"]) for entry in reversed(statuses)])


@register.filter
def figure_bars(observations) -> charts.Bars:
    """The values of an indicator as bars on one axis."""
    return charts.bars([(observation, observation.value) for observation in observations])


@register.filter
def are_a_course(observations) -> bool:
    """Whether values of several years are known, so that a drawing tells more than a line of a table."""
    return len({observation.year for observation in observations}) > 1


@register.filter
def plan_line(plans) -> charts.Periods:
    """Plans, those whose years are known, on one line of years."""
    return charts.periods(
        [(plan, plan.start_year, plan.end_year) for plan in plans if plan.start_year and plan.end_year]
    )


@register.filter
def today_on(line: charts.Periods) -> float | None:
    """Where today stands on a line of years."""
    today = timezone.localdate()
    return line.place(today.year + (today.timetuple().tm_yday - 1) / 366)


@register.simple_tag(takes_context=True)
def sources_of(context, record) -> list:
    """The numbered sources of a record on this page."""
    return context["evidence"].for_record(record)


@register.simple_tag(takes_context=True)
def source_pills(context, record) -> SafeString:
    """Links from a fact to its numbered sources below; dozens on a page."""
    numbered, language = context["evidence"].for_record(record), get_language()
    pills = "".join([source_pill(entry.number, language) for entry in numbered])
    return mark_safe(f'<span class="srcs">{pills}</span>' if pills else "")  # noqa: S308 - links of `source_pill`


@lru_cache(maxsize=1000)
def source_pill(number: int, language: str) -> SafeString:
    words = _("Source %(n)s") % {"n": number}
    return format_html('<a class="src" href="#source-{}">{}</a>', number, words)


@register.simple_tag(takes_context=True)
def numbered_sources(context) -> SafeString:
    """The sources of a page as the items of a list, to which its pills lead; up to a hundred."""
    entries, language = context["evidence"].sources, get_language()
    items = [NUMBERED % (entry.number, entry.number, source_line(entry.source, language)) for entry in entries]
    return mark_safe("".join(items))  # noqa: S308 - numbers, and lines that a template has drawn


NUMBERED = '<li id="source-%s"><span class="no" aria-hidden="true">%s</span><div>%s</div></li>\n'


def source_line(source, language: str) -> SafeString:
    """A source as it stands below every page that names it; written once, as the source is kept (`portal.pages`)."""
    lines = source.__dict__.setdefault("lines", {})
    if language not in lines:
        lines[language] = render_to_string("includes/source_line.html", {"source": source})
    return lines[language]


@register.simple_tag(takes_context=True)
def source_count(context, record) -> SafeString:
    """On a list: how many sources a record has, linking to them on its own page."""
    count = context["evidence"].count_for(record)
    if not count:
        return mark_safe("")
    address = record.get_absolute_url()
    return format_html(
        SOURCES, address if "#" in address else f"{address}#sources", count_of_sources(count, get_language())
    )


SOURCES = '<a class="src" href="{}">{}</a>'


@cache
def count_of_sources(count: int, language: str) -> str:
    return ngettext("%(n)s source", "%(n)s sources", count) % {"n": count}


@register.filter
def in_language(record, language: str) -> str:
    """The name of a record in a given language."""
    return record.name_in(language)


@register.filter
def language_name(code: str) -> str:
    """The name of a language in the reader's own."""
    names = {
        "vi": _("Vietnamese"),
        "en": _("English"),
        "fr": _("French"),
        "de": _("German"),
        "ja": _("Japanese"),
        "ko": _("Korean"),
        "ru": _("Russian"),
        "zh": _("Chinese"),
    }
    return names.get(code) or get_language_info(code)["name_local"]


@register.simple_tag(takes_context=True)
def address_in(context, language: str) -> str:
    """This very state of this very page in another language; public pages have the same path in both."""
    address, here = context["request"].get_full_path(), f"/{get_language()}/"
    return f"/{language}/{address.removeprefix(here)}" if address.startswith(here) else address


@register.simple_tag(takes_context=True)
def absolute(context, path: str) -> str:
    return context["request"].build_absolute_uri(path)


@register.simple_tag(takes_context=True)
def query_up_to(context, name: str) -> str:
    """The query string of this list for any value of one parameter, up to the value: `?country=sg&page=`."""
    asked = [(key, parts) for key, parts in context["request"].GET.lists() if key not in ("page", name)]
    return f"?{urlencode([*asked, (name, '')], doseq=True)}"


# The sections of the main navigation; any other page belongs to none.
SECTIONS = ("meetings", "decisions", "plans", "initiatives", "countries", "bodies", "figures")


@register.simple_tag(takes_context=True)
def section(context) -> str:
    """The section to which the page belongs: the first part of its address after the language."""
    first = context["request"].path.split("/", 3)[2:3]
    return first[0] if first and first[0] in SECTIONS else ""
