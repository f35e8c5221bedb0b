"""What lists are counted and ordered by, in memory: for every value of every facet the set of its records.

A list of a hundred thousand records with all its facets is counted in a millisecond
this way, exactly, and in no query. An index is made at the first use after a change
of the content (`content_state`) and shared by the threads of the process.
"""

from array import array
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from threading import RLock

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Max
from django.dispatch import Signal
from django.utils import timezone
from pyroaring import BitMap

from portal.entries import ContentVersion
from portal.models import PendingVersion, State, editorial_models
from portal.reading import OUTAGE, SHORTLY, planned_cursor, waiting

# Where a field of a record says nothing: a value of the facet like any other.
NOT_STATED = "none"
# Few of many are sorted; else the order of all is read through, or as far as so many.
FEW, BEGINNING = 8, 2000
MOST_SITES = 4  # two names of the register, by http and https

ContentState = tuple[str, date, datetime | None]


class Kept:
    """What was made for one state of the content, by name; a new state empties it."""

    def __init__(self) -> None:
        self.state: object = None
        self.things: dict[object, object] = {}
        self.lock = RLock()

    def get(self, state: object, name: object, make: Callable[[], object]) -> object:
        """The thing of this name, made by `make` the first time it is asked for in this state."""
        with self.lock:
            if self.state != state:
                self.state, self.things = state, {}
            if name not in self.things:
                self.things[name] = make()
            return self.things[name]


moments, indexes = Kept(), Kept()


def scheduled_moments(now: datetime) -> list[datetime]:
    """The hours at which records become public, in order: the last one that has come, and all to come; one query."""
    queries = []
    for model in editorial_models():
        scheduled = model.objects.filter(state=State.PUBLISHED).order_by()
        queries.append(scheduled.filter(published_from__gt=now).values_list("published_from"))
        come = scheduled.filter(published_from__lte=now).values("state").annotate(last=Max("published_from"))
        queries.append(come.values_list("last"))
    moments = sorted(moment for (moment,) in queries[0].union(*queries[1:], all=True))
    return moments[max(0, bisect_right(moments, now) - 1) :]


# Sent when the hour of an approved version has come and nobody has published it yet.
content_due = Signal()

WRITTEN = f"""SELECT (SELECT version FROM {ContentVersion._meta.db_table}),
    EXISTS (SELECT 1 FROM {PendingVersion._meta.db_table} WHERE state = %s AND due <= %s)"""  # noqa: S608 - names of tables of ours


def written(now: datetime) -> tuple[str, bool]:
    """The version of what is written, empty before anything was; and whether a pending version is due.

    Asked at every request, so in plain SQL. Read where the content is read: a replica's content may be older
    than the version that the primary has by now. As the first question of a page it also tells whether a kept
    connection still works; where it does not, a new one is opened.
    """
    connection = connections[router.db_for_read(ContentVersion)]
    if connection.connection is None or connection.in_atomic_block:
        return read_version(connection, now)
    with waiting(SHORTLY):
        try:
            return read_version(connection, now)
        except OUTAGE:
            connection.close()
            return read_version(connection, now)


def read_version(connection: BaseDatabaseWrapper, now: datetime) -> tuple[str, bool]:
    with planned_cursor(connection) as cursor:
        cursor.execute(WRITTEN, [PendingVersion.State.APPROVED, connection.ops.adapt_datetimefield_value(now)])
        version, is_due = cursor.fetchone()
    return version or "", bool(is_due)


def content_state() -> ContentState:
    """What everything derived from the content depends on; one query.

    The version of what is written, the day, and the last scheduled moment that has
    come: the same in every process, whenever it first met this version. A pending
    version whose hour has come is published first; if that fails, pages show what is
    public, and the log says why.
    """
    now = timezone.now()
    version, is_due = written(now)
    if is_due:
        content_due.send_robust(sender=None)
        version, _is_due = written(now)
    scheduled = moments.get(version, "scheduled", lambda: scheduled_moments(now))
    come = bisect_right(scheduled, now)
    return version, timezone.localdate(now), scheduled[come - 1] if come else None


def kept(state: ContentState, name: object, make: Callable[[], object]) -> object:
    """Anything derived from the content, made once for each state of it."""
    return indexes.get(state, name, make)


def kept_for(site: str, state: ContentState, name: object, make: Callable[[], object]) -> object:
    """The same of what has the register's address in it: only for the few that were asked for last.

    An address is what the visitor calls the register, with any port, and so there may be any number of them.
    """
    with indexes.lock:
        sites = kept(state, "sites", OrderedDict)
        things = sites.setdefault(site, {})
        sites.move_to_end(site)
        if len(sites) > MOST_SITES:
            sites.popitem(last=False)
        if name not in things:
            things[name] = make()
        return things[name]


def sets_by_value(pairs: Iterable[tuple[int, object]]) -> dict[object, BitMap]:
    """The ids of each value; pairs that are read as they come are never in memory together."""
    ids: dict[object, array] = defaultdict(lambda: array("I"))
    for record_id, value in pairs:
        if record_id is not None and value not in (None, ""):
            ids[value].append(record_id)
    return {value: BitMap(those) for value, those in ids.items()}


class Index:
    """The records of a list: their ids, the ids by facet and value, and the ids in every order."""

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = BitMap(array("I", ids))  # of anything but an array a list is made first
        self.values: dict[str, dict] = {}
        self.orders: dict[object, tuple[array, array]] = {}

    def add_facet(self, name: str, pairs: Iterable[tuple[int, object]]) -> None:
        """Take in (id, value) of a facet, either missing where a join finds none; NOT_STATED has what has no value."""
        sets = {value: ids & self.ids for value, ids in sets_by_value(pairs).items()}
        sets[NOT_STATED] = self.ids - BitMap.union(BitMap(), *sets.values())
        self.values[name] = sets

    def add_order(self, name: object, ids: Iterable[int]) -> None:
        """Take in all the ids in an order."""
        order = array("I", ids)
        places = array("I", bytes(4 * (max(order, default=0) + 1)))
        for place, record_id in enumerate(order):
            places[record_id] = place
        self.orders[name] = (order, places)

    def in_order(self, ids: BitMap, name: object) -> Iterator[int]:
        """Some of the ids in an order that was taken in."""
        order, places = self.orders[name]
        if len(ids) * FEW >= len(order):
            return filter(ids.__contains__, order)
        if len(ids) * FEW < BEGINNING:
            return iter(sorted(ids, key=places.__getitem__))
        return self.first_and_others_in_order(ids, order, places)

    @staticmethod
    def first_and_others_in_order(ids: BitMap, order: array, places: array) -> Iterator[int]:
        """Those at the beginning of the order, mostly all that a page shows; then the others, sorted."""
        yield from filter(ids.__contains__, order[:BEGINNING])
        yield from sorted((each for each in ids if places[each] >= BEGINNING), key=places.__getitem__)

    def groups_in_order(self, groups: list[BitMap], name: object) -> Iterator[int]:
        """Disjoint groups one after the other, each in the order."""
        return chain.from_iterable(self.in_order(group, name) for group in groups)
