"""Runs programs on a real PySpark: a line of JSON in, a line of JSON out.

The twin of flint_runner.ts, operators.ts and canonical.ts; see program.ts.
"""

import concurrent.futures
import datetime
import hashlib
import json
import math
import os
import queue
import struct
import sys
import threading

os.environ["PYTHONHASHSEED"] = "0"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pyspark import SparkConf, SparkContext  # noqa: E402

from pyspark_lambdas import LAMBDAS  # noqa: E402

SHOWN_CHARS_MAX = 700
EPOCH = datetime.datetime(1970, 1, 1)
MILLISECOND = datetime.timedelta(milliseconds=1)
# So many programs at once: while the JVM makes stages of one, tasks of the other run.
PROGRAMS_AT_ONCE = 2


def decoded(wire):
    if isinstance(wire, list):
        return tuple(decoded(element) for element in wire)
    if isinstance(wire, dict):
        if "milliseconds" in wire:
            return EPOCH + wire["milliseconds"] * MILLISECOND
        return int(wire["integer"]) if "integer" in wire else float(wire["float"])
    return wire


def canonical(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 2**53:  # neither NaN nor infinity is
            return str(int(value))
        bits = math.nan if math.isnan(value) else value
        return "d" + struct.pack(">d", bits).hex()
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, datetime.datetime):
        return f"t{(value - EPOCH) // MILLISECOND}"
    return "[" + ",".join(canonical(element) for element in value) + "]"


def rounded(value):
    """The twin of rounded() in canonical.ts."""
    if abs(value) < 1e-9:
        return "0"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    digits, exponent = f"{value:.9e}".split("e")
    return f"{digits}e{int(exponent):+d}"


def arranged(records, order, key_of):
    if order == "exact":
        return [canonical(record) for record in records]
    if order == "free":
        return sorted(canonical(record) for record in records)
    texts, equals, last = [], [], None
    for record in records:
        key = canonical(key_of(record))
        if key != last:
            texts += sorted(equals)
            equals = []
        last = key
        equals.append(canonical(record))
    return texts + sorted(equals)


def result_of_texts(texts):
    text = "\n".join(texts)
    shown = text[:SHOWN_CHARS_MAX] + "…" if len(text) > SHOWN_CHARS_MAX else text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"count": len(texts), "digest": digest, "shown": shown}


def failure_of(reason):
    return {"count": -1, "digest": reason, "shown": reason}


def sort_key(program):
    for step in reversed(program["steps"]):
        if step["operator"].startswith("sort"):
            return LAMBDAS["key" if step["operator"] == "sortByKey" else step.get("lambda", "identity")]
    return LAMBDAS["identity"]


def source(sc, described):
    return sc.parallelize([decoded(wire) for wire in described["records"]], described["partitions"])


def spread(rdd, step):
    count = step["count"]
    return rdd.flatMap(lambda x: [(x, str(i % 10) * 200) for i in range(count)])


def with_lambda(method):
    return lambda rdd, step: getattr(rdd, method)(LAMBDAS[step["lambda"]])


def plain(method):
    return lambda rdd, step: getattr(rdd, method)()


def with_partitions(method):
    return lambda rdd, step: getattr(rdd, method)(step["partitions"])


def with_other(method):
    return lambda rdd, step: getattr(rdd, method)(source(rdd.ctx, step["other"]))


def with_other_and_partitions(method):
    return lambda rdd, step: getattr(rdd, method)(source(rdd.ctx, step["other"]), step["partitions"])


def outer(method):
    join = with_other_and_partitions(method)
    return lambda rdd, step: join(rdd, step).mapValues(LAMBDAS["orMinusOne"])


def cogroup_three(rdd, step):
    others = [source(rdd.ctx, step["other"]), source(rdd.ctx, step["third"])]
    return rdd.groupWith(*others).mapValues(LAMBDAS["sortedSides"])


def filter_by_range(rdd, step):
    # Spark has it for Scala only.
    lower, upper = [decoded(value) for value in step["values"]]
    return rdd.filter(lambda pair: lower <= pair[0] <= upper)


OPERATORS = {
    "spread": spread,
    **{
        name: with_lambda(name)
        for name in ["map", "filter", "flatMap", "mapPartitions", "mapPartitionsWithIndex", "keyBy"]
    },
    "measure": lambda rdd, step: rdd.map(LAMBDAS["measure"]),
    **{name: plain(name) for name in ["keys", "values", "zipWithIndex"]},
    "mapValues": with_lambda("mapValues"),
    "flatMapValues": with_lambda("flatMapValues"),
    "union": with_other("union"),
    "unionSelf": lambda rdd, step: rdd.union(rdd),
    "coalesce": with_partitions("coalesce"),
    "repartition": with_partitions("repartition"),
    "partitionBy": with_partitions("partitionBy"),
    "partitionByFunction": lambda rdd, step: rdd.partitionBy(
        step["partitions"], LAMBDAS["bothToPartition"]
    ),
    "sortInPartitions": lambda rdd, step: rdd.repartitionAndSortWithinPartitions(
        step["partitions"], LAMBDAS["bothToPartition"], step["ascending"]
    ),
    "glom": lambda rdd, step: rdd.glom().map(LAMBDAS[step["lambda"]]),
    "glomSizes": lambda rdd, step: rdd.glom().map(LAMBDAS[step["lambda"]]),
    "filterByRange": filter_by_range,
    "distinct": with_partitions("distinct"),
    "intersection": with_other("intersection"),
    "subtract": with_other_and_partitions("subtract"),
    "reduceByKey": lambda rdd, step: rdd.reduceByKey(LAMBDAS[step["lambda"]], step["partitions"]),
    "foldByKey": lambda rdd, step: rdd.foldByKey(
        decoded(step["value"]), LAMBDAS[step["lambda"]], step["partitions"]
    ),
    "combineByKey": lambda rdd, step: rdd.combineByKey(
        LAMBDAS["pairOfOne"], LAMBDAS["pairPlus"], LAMBDAS["pairsAdded"], step["partitions"]
    ),
    "aggregateByKey": lambda rdd, step: rdd.aggregateByKey(
        (0, 0), LAMBDAS["pairPlus"], LAMBDAS["pairsAdded"], step["partitions"]
    ),
    "listByKey": lambda rdd, step: rdd.aggregateByKey(
        [], LAMBDAS["appended"], LAMBDAS["joined"], step["partitions"]
    ).mapValues(LAMBDAS["sorted"]),
    "groupByKey": lambda rdd, step: rdd.groupByKey(step["partitions"]).mapValues(LAMBDAS["sorted"]),
    "groupBy": lambda rdd, step: rdd.groupBy(LAMBDAS[step["lambda"]], step["partitions"]).mapValues(
        LAMBDAS["sorted"]
    ),
    "cogroup": lambda rdd, step: rdd.cogroup(
        source(rdd.ctx, step["other"]), step["partitions"]
    ).mapValues(LAMBDAS["sortedSides"]),
    "cogroupThree": cogroup_three,
    "join": with_other_and_partitions("join"),
    "leftOuterJoin": outer("leftOuterJoin"),
    "rightOuterJoin": outer("rightOuterJoin"),
    "fullOuterJoin": outer("fullOuterJoin"),
    "subtractByKey": with_other_and_partitions("subtractByKey"),
    "cartesian": with_other("cartesian"),
    "zipSelf": lambda rdd, step: rdd.zip(rdd),
    "sortBy": lambda rdd, step: rdd.sortBy(
        LAMBDAS[step["lambda"]], step["ascending"], step["partitions"]
    ),
    "sortByKey": lambda rdd, step: rdd.sortByKey(step["ascending"], step["partitions"]),
}


def stats(rdd, step):
    counter = rdd.stats()
    figures = [counter.sum(), counter.mean(), counter.variance(), counter.max(), counter.min()]
    return [str(counter.count()), *(rounded(figure) for figure in figures)]


def histogram(rdd, step):
    buckets, counts = rdd.histogram(step["count"] if "count" in step else step["values"])
    return [canonical(buckets), canonical(counts)]


def top_keys(rdd, step):
    key_of = LAMBDAS[step["lambda"]]
    return [key_of(record) for record in rdd.top(step["count"], key_of)]


def accumulated(rdd, step):
    total = rdd.ctx.accumulator(0)
    rdd.foreach(lambda n: total.add(n))
    return total.value


# Actions whose result is a list of records, arranged as the program says.
LISTS = {
    "collect": lambda rdd, step: rdd.collect(),
    "toLocalIterator": lambda rdd, step: list(rdd.toLocalIterator()),
    "topKeys": top_keys,
    "take": lambda rdd, step: rdd.take(step["count"]),
    "top": lambda rdd, step: rdd.top(step["count"]),
    "takeOrdered": lambda rdd, step: rdd.takeOrdered(step["count"]),
    "collectAsMap": lambda rdd, step: rdd.collectAsMap().items(),
    "countByKey": lambda rdd, step: rdd.countByKey().items(),
    "countByValue": lambda rdd, step: rdd.countByValue().items(),
    "reduceByKeyLocally": lambda rdd, step: rdd.reduceByKeyLocally(LAMBDAS[step["lambda"]]).items(),
    "lookup": lambda rdd, step: rdd.lookup(decoded(step["value"])),
}

# Actions with one result.
FIGURES = {
    "reduce": lambda rdd, step: rdd.reduce(LAMBDAS[step["lambda"]]),
    "fold": lambda rdd, step: rdd.fold(decoded(step["value"]), LAMBDAS[step["lambda"]]),
    "aggregate": lambda rdd, step: rdd.aggregate(
        (0, 0), LAMBDAS["pairPlus"], LAMBDAS["pairsAdded"]
    ),
    "treeAggregate": lambda rdd, step: rdd.treeAggregate(
        (0, 0), LAMBDAS["pairPlus"], LAMBDAS["pairsAdded"]
    ),
    "accumulated": accumulated,
    "treeReduce": with_lambda("treeReduce"),
    **{name: plain(name) for name in ["count", "sum", "first", "max", "min", "isEmpty"]},
    "getNumPartitions": plain("getNumPartitions"),
}

TEXTS = {"stats": stats, "histogram": histogram}


def run(sc, program):
    rdd = source(sc, program["source"])
    *operators, action = program["steps"]
    for step in operators:
        rdd = OPERATORS[step["operator"]](rdd, step)
    name = action["operator"]
    if name in LISTS:
        records = LISTS[name](rdd, action)
        return result_of_texts(arranged(records, program["order"], sort_key(program)))
    if name in TEXTS:
        return result_of_texts(TEXTS[name](rdd, action))
    return result_of_texts([canonical(FIGURES[name](rdd, action))])


def answer(sc, program):
    try:
        return run(sc, program)
    except ValueError as error:
        return failure_of("empty" if "empty" in str(error).lower() else repr(error))
    except Exception as error:  # what PySpark cannot do is a result too
        return failure_of(f"{type(error).__name__}: {str(error)[-700:]}")


def print_answers(answers, results):
    """In the order in which the programs were given."""
    while (future := answers.get()) is not None:
        print(json.dumps(future.result()), file=results, flush=True)


def main():
    # What the JVM prints must not come between the results.
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    local = "127.0.0.1"
    os.environ["SPARK_LOCAL_IP"] = local
    # Jobs are short, so the JVM's second compiler costs more than it gives: half of all its time.
    os.environ["PYSPARK_SUBMIT_ARGS"] = (
        "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' pyspark-shell"
    )
    conf = SparkConf().setMaster("local[2]").setAppName("differential")
    settings = {
        "spark.driver.host": local,
        "spark.driver.bindAddress": local,
        "spark.default.parallelism": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }
    conf.setAll(settings.items())
    # Workers find the lambdas by their path. A file that is added to the context would make each of
    # them read the directories of all archives on its path anew, for a second.
    os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
    with (
        SparkContext(conf=conf) as sc,
        concurrent.futures.ThreadPoolExecutor(PROGRAMS_AT_ONCE) as pool,
    ):
        answers = queue.SimpleQueue()
        printer = threading.Thread(target=print_answers, args=(answers, results))
        printer.start()
        for line in sys.stdin:
            answers.put(pool.submit(answer, sc, json.loads(line)))
        answers.put(None)
        printer.join()


if __name__ == "__main__":
    main()
