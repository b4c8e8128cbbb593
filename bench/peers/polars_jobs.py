"""Polars as a contestant of bench/run.ts: the jobs as one would write them there; results stay in columns."""
import polars as pl

from contest import counts_digest, digest, serve, stats_answer


def lines(given):
    return pl.scan_lines(given["text"], name="line")


def first(given):
    work = lambda: pl.select(x=pl.Series([1, 2, 3]) * 2)["x"]
    return work, lambda result: ",".join(map(str, result)), None


def wordcount(given):
    words = lambda: lines(given).select(word=pl.col("line").str.split("/").explode())
    work = lambda: words().group_by("word").len().collect()
    return work, lambda counts: counts_digest(counts.iter_rows()), None


def sort(given):
    work = lambda: lines(given).sort("line").collect()
    return work, lambda ordered: str(ordered.height), lambda: digest(work()["line"])


def stats(given):
    outer, inner = (pl.LazyFrame({name: range(int(given[name]))}) for name in ("outer", "inner"))
    numbers = pl.col("inner")
    figures = (numbers.count(), numbers.mean().alias("mean"), numbers.std(ddof=0).alias("stdev"))
    work = lambda: outer.join(inner, how="cross").select(*figures).collect()
    return work, lambda result: stats_answer(*result.row(0)), None


serve(lambda given: globals()[given["job"]](given))
