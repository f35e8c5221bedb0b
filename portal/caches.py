"""Redis as a cache whose loss costs speed and never a page."""

import logging
from collections.abc import Callable
from functools import wraps

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from portal.breaker import Breaker

logger = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds for an answer; building what is missing takes less
UNASKED = 2  # seconds in which a Redis that was lost is not asked again


def forgiving(method: Callable, otherwise: Callable) -> Callable:
    """The method of the client, or `otherwise` of the same arguments while Redis does not answer."""

    @wraps(method)
    def call(self, *arguments):
        if not self.breaker.lets_ask():
            return otherwise(*arguments)
        try:
            found = method(self, *arguments)
        except RedisError as error:
            self.breaker.open()
            logger.warning("The cache does not answer: %s", error)
            return otherwise(*arguments)
        self.breaker.close()
        return found

    return call


def unknown(key, *_) -> None:
    """What Django's caches say of counting a key that is not there."""
    raise ValueError(f"Key {key!r} not found.")


class ForgivingClient(RedisCacheClient):
    """Reads miss and writes are forgotten; `add` succeeds, so that who counts by it lets everybody in."""

    def __init__(self, servers, **options) -> None:
        # A kept connection that Redis has closed is opened again once; the library's own patience is seconds.
        patience = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 1)}
        super().__init__(servers, **patience | options)
        self.breaker = Breaker(UNASKED)

    add = forgiving(RedisCacheClient.add, lambda *_: True)
    get = forgiving(RedisCacheClient.get, lambda key, default=None: default)
    set = forgiving(RedisCacheClient.set, lambda *_: None)
    touch = forgiving(RedisCacheClient.touch, lambda *_: False)
    delete = forgiving(RedisCacheClient.delete, lambda *_: False)
    get_many = forgiving(RedisCacheClient.get_many, lambda *_: {})
    has_key = forgiving(RedisCacheClient.has_key, lambda *_: False)
    incr = forgiving(RedisCacheClient.incr, unknown)
    set_many = forgiving(RedisCacheClient.set_many, lambda *_: None)
    delete_many = forgiving(RedisCacheClient.delete_many, lambda *_: None)
    clear = forgiving(RedisCacheClient.clear, lambda *_: False)


class ForgivingRedisCache(RedisCache):
    def __init__(self, server, params) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
