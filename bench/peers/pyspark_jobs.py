"""PySpark as a contestant of bench/run.ts, on CPython and on PyPy: the jobs of bench/programs."""
import os
import sys

from pyspark import SparkConf, SparkContext, StorageLevel

from contest import counts_digest, digest, serve, stats_answer


def context(given):
    os.environ["PYSPARK_PYTHON"] = sys.executable
    conf = SparkConf().setMaster(f"local[{given['threads']}]").setAppName(given["job"])
    conf.set("spark.python.worker.memory", given["memory"]).set("spark.driver.memory", os.environ["BENCH_JVM_MEMORY"])
    conf.set("spark.local.dir", given["folder"]).set("spark.ui.enabled", "false")
    conf.set("spark.ui.showConsoleProgress", "false")
    conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    sc = SparkContext(conf=conf)
    sc.setLogLevel("OFF")
    return sc


def integers(sc, given):
    records, keys, values = (int(given[name]) for name in ("records", "keys", "values"))
    return sc.range(0, records, 1, int(given["partitions"])).map(
        lambda i: (i * 48_271 % 2_147_483_647 % keys, i * 69_621 % 2_147_483_647 % values)
    )


def persisted(rdd):
    rdd.persist(StorageLevel.MEMORY_ONLY).count()
    return rdd


def integer_pairs(sc, given):
    return persisted(integers(sc, given))


def text_pairs(sc, given):
    return persisted(integers(sc, given).map(lambda kv: ("%010d" % kv[0], "%010d" % kv[1])))


def first(sc, given):
    work = lambda: sc.parallelize([1, 2, 3], 1).map(lambda x: x * 2).collect()
    return work, lambda result: ",".join(map(str, result)), None


def wordcount(sc, given):
    def work():
        rdd = sc.textFile(given["text"])
        pairs = rdd.flatMap(lambda x: x.split("/")).map(lambda x: (x, 1))
        return pairs.reduceByKey(lambda x, y: x + y).collectAsMap()

    return work, lambda counts: counts_digest(counts.items()), None


def sort(sc, given):
    ordered = lambda: sc.textFile(given["text"]).sortBy(lambda x: x, True)
    return lambda: ordered().count(), str, lambda: digest(ordered().toLocalIterator())


def stats(sc, given):
    outer, inner = int(given["outer"]), int(given["inner"])
    work = lambda: sc.parallelize(range(outer), 20).flatMap(lambda _: range(inner)).stats()
    return work, lambda s: stats_answer(s.count(), s.mean(), s.stdev()), None


def agg_by_key(sc, given):
    rdd, reducers = text_pairs(sc, given), int(given["partitions"])
    sums = lambda: rdd.map(lambda kv: (kv[0], int(kv[1]))).reduceByKey(lambda x, y: x + y, reducers)
    return lambda: sums().count(), str, lambda: str(sums().values().sum())


def agg_by_key_int(sc, given):
    rdd, reducers = integer_pairs(sc, given), int(given["partitions"])
    sums = lambda: rdd.reduceByKey(lambda x, y: x + y, reducers)
    return lambda: sums().count(), str, lambda: str(sums().values().sum())


def agg_by_key_naive(sc, given):
    rdd, reducers = text_pairs(sc, given), int(given["partitions"])
    sums = lambda: rdd.map(lambda kv: (kv[0], int(kv[1]))).groupByKey(reducers).mapValues(sum)
    return lambda: sums().count(), str, lambda: str(sums().values().sum())


def sorted_by_key(rdd, given):
    ordered = lambda: rdd.sortByKey(numPartitions=int(given["partitions"]))
    return lambda: ordered().count(), str, lambda: digest(ordered().keys().toLocalIterator())


def sort_by_key(sc, given):
    return sorted_by_key(text_pairs(sc, given), given)


def sort_by_key_int(sc, given):
    return sorted_by_key(integer_pairs(sc, given), given)


def count(sc, given):
    return text_pairs(sc, given).count, str, None


def count_with_filter(sc, given):
    rdd = text_pairs(sc, given)
    return lambda: rdd.filter(lambda kv: int(kv[1]) % 2).count(), str, None


def tasks(sc, given):
    number = int(given["tasks"])
    return lambda: sc.parallelize(range(number), number).count(), str, None


def broadcast(sc, given):
    data = os.urandom(int(given["bytes"]))

    def work():
        n = len(data)
        s = sc.broadcast(data)
        seen = sc.parallelize(range(100), 100).filter(lambda x: len(s.value) == n).count()
        s.unpersist()
        return seen

    return work, str, None


def start(given):
    return globals()[given["job"].replace("-", "_")](context(given), given)


if __name__ == "__main__":
    serve(start)
