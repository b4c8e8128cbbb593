"""The jobs that beside_pyspark.ts gives to PySpark: `jobs.py JOB TEMP ARGUMENTS…`, answers on stdout."""
import os
import sys
import threading
import time

from pyspark import SparkConf, SparkContext


def context(temp, memory="512m"):
    conf = SparkConf().setMaster("local[2,4]").setAppName("chaos")
    conf.set("spark.python.worker.memory", memory).set("spark.local.dir", temp)
    conf.set("spark.ui.enabled", "false").set("spark.driver.memory", "1g")
    conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
    conf.set("spark.driver.extraJavaOptions", f"-Djava.io.tmpdir={temp}")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    sc = SparkContext(conf=conf)
    sc.setLogLevel("OFF")
    return sc


def sort(temp, memory, records):
    """Sorts records of 100 bytes; says whether they are in order, how many, and the sum of all."""
    sc, count = context(temp, memory), int(records)
    texts = sc.range(0, count, 1, 16).map(lambda i: f"{i * 7919 % count:010d}" + "x" * 90)

    def facts(partition):
        first, last, total, seen, ordered = None, "", 0, 0, True
        for text in partition:
            ordered = ordered and last <= text
            first, last = first or text, text
            total, seen = total + int(text[:10]), seen + 1
        return [(first, last, total, seen, ordered)] if seen else []

    parts = texts.sortBy(lambda text: text, numPartitions=16).mapPartitions(facts).collect()
    joints = all(a[1] <= b[0] for a, b in zip(parts, parts[1:]))
    print(all(part[4] for part in parts) and joints, sum(p[3] for p in parts), sum(p[2] for p in parts))
    sc.stop()


def hot_key(temp, memory, records, how):
    """Sums the values of one key."""
    sc, count = context(temp, memory), int(records)
    pairs = sc.range(0, count, 1, 8).map(lambda i: ("hot", i))
    if how == "reduceByKey":
        print(pairs.reduceByKey(lambda a, b: a + b).values().collect()[0])
    else:
        print(pairs.groupByKey().mapValues(sum).values().collect()[0])
    sc.stop()


def word_count(temp, text, out):
    """The same as jobs/word_count.ts, with the order of the code points."""
    sc = context(temp, "1m")
    counts = (
        sc.textFile(text, 16)
        .flatMap(lambda line: line.split("/"))
        .map(lambda word: (word, 1))
        .reduceByKey(lambda a, b: a + b, 8)
        .sortByKey()
        .collect()
    )
    with open(out, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{count} {word}\n" for word, count in counts)
    sc.stop()


def save(temp, out):
    """Shuffles, and saves slowly; says when it begins to."""
    sc = context(temp)

    def slowly(pair):
        time.sleep(0.001)
        return pair

    counts = sc.range(0, 100_000, 1, 8).map(lambda i: (i % 20_000, 1)).reduceByKey(lambda a, b: a + b, 4)
    counts.count()
    print("saving", flush=True)
    counts.map(slowly).saveAsTextFile(out)
    sc.stop()


def nothing(temp):
    """Starts and stops."""
    context(temp).stop()


def spin(temp):
    """At each line of stdin: two tasks spin, are cancelled, and `cancelled` is printed."""
    sc = context(temp)

    def spinning(_):
        while True:
            pass

    def job(group):
        sc.setJobGroup(group, "spins")
        try:
            sc.range(0, 2, 1, 2).map(spinning).count()
        except Exception:
            pass  # it was cancelled

    for line in sys.stdin:
        thread = threading.Thread(target=job, args=(line,))
        thread.start()
        time.sleep(2)
        sc.cancelJobGroup(line)
        print("cancelled", flush=True)
        thread.join()
    sc.stop()


{"sort": sort, "hot_key": hot_key, "word_count": word_count, "save": save, "nothing": nothing, "spin": spin}[
    sys.argv[1]
](*sys.argv[2:])
