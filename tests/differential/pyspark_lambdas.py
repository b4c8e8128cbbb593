"""The functions of random programs, each with a twin of the same name in lambdas.ts."""

import datetime
import math

TEXTS = ["", "a", "é", "🙂", "ab", "\uffff", "𝒳y"]


def each_of_part(records):
    yield from records


def ones_of_part(records):
    for record in records:
        yield (record, 1)


def indexed(index, records):
    for record in records:
        yield (index, record)


def unindexed(index, records):
    for record in records:
        if index >= 0:
            yield record


def measure(value):
    """A small integer for anything."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        return len(value) + sum(measure(part) for part in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 1
    return value if abs(value) < 1000 and value == math.floor(value) else 1


def appended(values, value):
    values.append(value)
    return values


def some_of(values):
    """About eight of them in their order, since one record must be small against the budget."""
    ordered = sorted(values)
    return tuple(ordered[:: max(1, math.ceil(len(ordered) / 8))])


LAMBDAS = {
    "identity": lambda x: x,
    "measure": measure,
    "one": lambda x: (x, 1),
    "twice": lambda x: [x, x],
    "none": lambda x: [],
    "isSomething": lambda x: x is not None and x != "",
    "plusOne": lambda n: n + 1,
    "modulo7": lambda n: n % 7,
    "negative": lambda n: -n,
    "toText": lambda n: TEXTS[math.floor(n % 7)],
    "withModulo3": lambda n: (n % 3, n),
    "isSmall": lambda n: n % 7 < 4,
    "isPositive": lambda n: n > 0,
    "andNext": lambda n: [n, n + 1],
    "add": lambda a, b: a + b,
    "larger": lambda a, b: a if a > b else b,
    "codePoints": lambda text: len(text),
    "exclaimed": lambda text: text + "!",
    "begin": lambda text: text[:1],
    "withLength": lambda text: (len(text), text),
    "isLong": lambda text: len(text) > 1,
    "words": lambda text: text.split(" "),
    "letters": lambda text: list(text)[:3],
    "later": lambda a, b: a if a >= b else b,
    "not": lambda flag: not flag,
    "year": lambda date: date.year,
    "dayLater": lambda date: date + datetime.timedelta(days=1),
    "swap": lambda pair: (pair[1], pair[0]),
    "key": lambda pair: pair[0],
    "value": lambda pair: pair[1],
    "nest": lambda pair: (pair, 1),
    "around": lambda pair: (pair[0], pair),
    "size": lambda values: len(values),
    "elements": lambda values: values,
    "eachOfPart": each_of_part,
    "onesOfPart": ones_of_part,
    "indexed": indexed,
    "unindexed": unindexed,
    "sorted": some_of,
    "sortedSides": lambda sides: tuple(some_of(side) for side in sides),
    "measures": lambda values: some_of(measure(value) for value in values),
    "appended": appended,
    "joined": lambda values, others: values + others,
    "pairOfOne": lambda n: (n, 1),
    "pairPlus": lambda pair, n: (pair[0] + n, pair[1] + 1),
    "pairsAdded": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "orMinusOne": lambda pair: tuple(-1 if side is None else side for side in pair),
    "bothToPartition": lambda key: math.floor(key % 5),
}
