"""The peer of bench/programs/word_count.ts: the same word count in PySpark."""
import os
import sys
from pyspark import SparkConf, SparkContext

path, master, memory = sys.argv[1:4]
conf = SparkConf().setMaster(master).setAppName("word count")
conf.set("spark.python.worker.memory", memory).set("spark.ui.enabled", "false")
conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
os.environ["PYSPARK_PYTHON"] = sys.executable
sc = SparkContext(conf=conf)
sc.setLogLevel("ERROR")
counts = (
    sc.textFile(path)
    .flatMap(lambda line: line.split("/"))
    .map(lambda word: (word, 1))
    .reduceByKey(lambda a, b: a + b)
    .collectAsMap()
)
if len(sys.argv) > 4:
    with open(sys.argv[4], "w", encoding="utf-8", newline="\n") as out:
        for word, count in counts.items():
            out.write(f"{count} {word}\n")
print(f"{len(counts)} words, {sum(counts.values())} in all")
sc.stop()
