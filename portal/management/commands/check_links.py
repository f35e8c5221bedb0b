"""Asks the addresses of sources and documents, a few at a time, and remembers what they answered."""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import chain, zip_longest
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.links.asking import Answer, Asker
from portal.links.models import Outcome, SourceCheck
from portal.models import Document, Source

AGENT = "asean-digital-register-links/1.0 (checks the links of a public register; {contact})"
# So many hosts that are silent one after the other, and the line is tried.
SUSPICIOUS = 5


def addresses_in_use() -> set[str]:
    return {url for model in (Source, Document) for url in model.objects.exclude(url="").values_list("url", flat=True)}


def due(days: int) -> list[str]:
    """The addresses that were not asked for so long, those never asked first, then the longest not asked."""
    in_use = addresses_in_use()
    checked = dict(SourceCheck.objects.filter(url__in=in_use).values_list("url", "checked"))
    limit = timezone.now() - timedelta(days=days)
    waiting = sorted(url for url in in_use - set(checked))
    return waiting + sorted((url for url, at in checked.items() if at <= limit), key=checked.get)


def host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def spread(urls: Iterable[str]) -> list[str]:
    """The same with the hosts taking turns, so that none is asked twice in a row while others wait."""
    by_host = defaultdict(list)
    for url in urls:
        by_host[host_of(url)].append(url)
    return [url for url in chain.from_iterable(zip_longest(*by_host.values())) if url]


class Turns:
    """Lets a host rest between two requests."""

    def __init__(self, delay: float) -> None:
        self.delay, self.last = delay, {}

    def wait(self, host: str) -> None:
        rest = self.last.get(host, -self.delay) + self.delay - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        self.last[host] = time.monotonic()


def remember(url: str, answer: Answer) -> None:
    now = timezone.now()
    known = SourceCheck.objects.filter(url=url).first()
    since = known.since if known and known.outcome == answer.outcome else now
    said = {"status": answer.status, "problem": answer.problem, "redirect": answer.redirect[:2000]}
    values = {"checked": now, "outcome": answer.outcome, "since": since} | said
    SourceCheck.objects.update_or_create(url=url, defaults=values)


class Command(BaseCommand):
    help = "Asks whether the web addresses of sources and documents still answer. Off-line it records nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--limit", type=int, default=500, help="ask at most so many addresses (500)")
        parser.add_argument("--days", type=int, default=7, help="leave out what was asked in the last days (7)")
        parser.add_argument("--delay", type=float, default=2, help="seconds between two requests to a host (2)")
        parser.add_argument("--timeout", type=float, default=15, help="seconds to wait for an answer (15)")
        parser.add_argument("--contact", default=settings.SECURITY_CONTACT, help="whom a webmaster may write to")
        parser.add_argument("--allow-private", action="store_true", help="also ask hosts of our own network: for tests")

    def handle(self, *args, **options) -> None:
        if not options["contact"]:
            raise CommandError("Say who asks, so that a webmaster can complain: SECURITY_CONTACT or --contact.")
        turns = Turns(options["delay"])
        self.asker = Asker(
            AGENT.format(contact=options["contact"]), options["timeout"], turns.wait, options["allow_private"]
        )
        SourceCheck.objects.exclude(url__in=addresses_in_use()).delete()
        waiting = spread(due(options["days"])[: options["limit"]])
        self.counts = dict.fromkeys(Outcome, 0)
        self.answered = ""  # an address that answered in this run
        self.silent: list[tuple[str, Answer]] = []
        for url in waiting:
            self.take(url, self.asker.ask(url))
            if len(self.silent) >= SUSPICIOUS:
                self.try_the_line()
        if self.silent:
            self.try_the_line()
        self.report(len(waiting))

    def take(self, url: str, answer: Answer) -> None:
        """Record an answer. Silence is believed only when the line was seen to work after it."""
        if answer.is_silence:
            self.silent.append((url, answer))
            return
        if answer.status:
            self.answered = url
            self.believe_silence()
        self.record(url, answer)

    def record(self, url: str, answer: Answer) -> None:
        remember(url, answer)
        self.counts[answer.outcome] += 1
        if answer.outcome == Outcome.FAILS:
            self.stdout.write(f"{answer.status or answer.problem}: {url}")

    def believe_silence(self) -> None:
        for url, answer in self.silent:
            self.record(url, answer)
        self.silent.clear()

    def try_the_line(self) -> None:
        """Ask again what answered before; raises CommandError when now that is silent too."""
        if self.answered and self.asker.ask(self.answered).status:
            self.believe_silence()
            return
        count = len(self.silent)
        raise CommandError(
            f"No host answers, so this machine seems to be off-line: {count} silent addresses were not recorded."
        )

    def report(self, asked: int) -> None:
        counts = self.counts
        self.stdout.write(
            f"{asked} addresses asked: {counts[Outcome.OK]} answer, {counts[Outcome.FAILS]} fail, "
            f"{counts[Outcome.UNCLEAR]} gave no clear answer."
        )
