from portal.fragments import FragmentCache


def test_what_is_kept_is_given_back_and_the_longest_unused_goes_first():
    cache = FragmentCache("parts", {"OPTIONS": {"MAX_ENTRIES": 2}})
    cache.set("first", "1")
    cache.set("second", "2")
    assert cache.get("first") == "1"
    cache.set("third", "3")
    assert [cache.get(key) for key in ("first", "second", "third")] == ["1", None, "3"]


def test_nothing_is_left_after_clearing():
    cache = FragmentCache("parts", {})
    cache.set("first", "1")
    cache.clear()
    assert cache.get("first", "nothing") == "nothing"
