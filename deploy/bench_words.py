"""The words of the benchmark's invented records; texts that visitors ask of them, and the dearest ones known."""

COMMON = [f"chung{number}" for number in range(26)]  # two of them are missing in each record
SOME = [f"vừa{number:03}" for number in range(400)]  # of 10,000 records about 50 hold one: two pages of a list
RARE = [f"hiếm{number:05}" for number in range(40_000)]  # and 8 or 9 one of these

SEARCHED = ("/vi/initiatives/", "/vi/search/", "/vi/search/suggestions/", "/api/v1/initiatives/")
USUAL = [
    *RARE[7:10],
    " ".join(RARE[10:12]),
    *SOME[3:5],
    f"{SOME[5]} {COMMON[5]}",
    RARE[100][:7],
    COMMON[3],
    f'"{COMMON[1]} {COMMON[2]}"',
    f"{RARE[1]} -{COMMON[1]}",
    "sáng kiến",
    "sáng kiến hiếm00012",
    "Singapore",
    "initiative 77",
]

PHRASES = [f'"{first} {second}"' for first in COMMON[:3] for second in COMMON[4:8]]
DEAR = {
    "words in nearly every record": " ".join(COMMON[:24]),
    "the same, the last begun": " ".join([*COMMON[:22], "chung2"]),
    "a dozen of them": " ".join(COMMON[:12]),
    "eight of them": " ".join(COMMON[:8]),
    "beginnings that fit": "hiem0 hiem1 hiem2 hiem3 chung1",
    "beginnings and one word that is not there": "hiem0 hiem1 hiem2 hiem3 chung1 chung99",
    "as many beginnings as there may be": "hiem0 hiem1 hiem2 hiem3 chung1 chung2 vua0 vua1",
    "longer beginnings": " ".join(f"hiem{number:02}" for number in range(24)),
    "long beginnings": " ".join(f"hiem{number:03}" for number in range(24)),
    "phrases": " ".join(PHRASES),
    "half as many phrases": " ".join(PHRASES[:6]),
    "one long phrase": f'"{" ".join(COMMON[:24])}"',
    "two long rows of joined words": "-".join(COMMON[:12]) + " " + "-".join(COMMON[12:24]),
    "exclusions": " ".join([COMMON[3], *(f"-{word}" for word in COMMON[4:24])]),
    "exclusions and nothing else": " ".join(f"-{word}" for word in COMMON[:20]),
    "near misses of rare words": " ".join(f"{letter}iem0000{number}" for number, letter in enumerate("abcdef")),
    "near misses beside common words": " ".join(["sangg kienn innitiative", *COMMON[:9]]),
    "words in nearly every record, and one in none": " ".join(["xqz", *COMMON[:20]]),
    "words of nearly every name": "sang kien hiem",
    "beginnings in names": "sang kien hiem0 hiem1 hiem2 hiem3",
    "a phrase of nearly every name": '"sáng kiến"',
    "numbers": " ".join(map(str, range(24))),
}
