"""Where the parts of pages are kept that many pages show: the memory of each process."""

from collections import OrderedDict
from threading import Lock

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache


class FragmentCache(BaseCache):
    """Texts as they are, the longest unused given up first.

    Django's own cache in memory pickles what it keeps, which for the cards of a list
    costs as much as a third of drawing them. Nothing here grows old: a fragment
    names the state of the content it shows.
    """

    def __init__(self, name: str, params: dict) -> None:
        super().__init__(params)
        self.texts: OrderedDict[str, str] = OrderedDict()
        self.lock = Lock()

    def get(self, key: str, default: str | None = None, version: int | None = None) -> str | None:
        with self.lock:
            if key not in self.texts:
                return default
            self.texts.move_to_end(key)
            return self.texts[key]

    def set(self, key: str, value: str, timeout=DEFAULT_TIMEOUT, version: int | None = None) -> None:
        with self.lock:
            self.texts[key] = value
            self.texts.move_to_end(key)
            while len(self.texts) > self._max_entries:
                self.texts.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.texts.clear()
