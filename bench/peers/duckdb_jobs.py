"""DuckDB as a contestant of bench/run.ts: the jobs as one would write them there; results stay in tables."""
import duckdb

from contest import counts_digest, digest, serve, stats_answer

LINES = "read_csv(?, columns={'line': 'VARCHAR'}, header=false, delim='\\n', quote='', escape='')"


def first(con, given):
    work = lambda: con.execute("SELECT x * 2 FROM unnest([1, 2, 3]) t(x)").fetchall()
    return work, lambda rows: ",".join(str(row[0]) for row in rows), None


def wordcount(con, given):
    words = f"SELECT unnest(string_split(line, '/')) AS word FROM {LINES}"
    counts = f"CREATE OR REPLACE TEMP TABLE counts AS SELECT word, count(*) FROM ({words}) GROUP BY word"
    work = lambda: con.execute(counts, [given["text"]])
    return work, lambda _: counts_digest(con.sql("FROM counts").fetchall()), None


def sort(con, given):
    # Without a table the order would not be made, as nothing of a count depends on it.
    ordered = f"CREATE OR REPLACE TEMP TABLE ordered AS SELECT line FROM {LINES} ORDER BY line"
    work = lambda: con.execute(ordered, [given["text"]])
    rows = lambda: (line for (line,) in con.sql("FROM ordered").fetchall())
    count = lambda: str(con.sql("SELECT count(*) FROM ordered").fetchall()[0][0])
    return work, lambda _: count(), lambda: work() and digest(rows())


def stats(con, given):
    query = "SELECT count(y), avg(y), stddev_pop(y) FROM range(?), range(?) t(y)"
    sizes = [int(given["outer"]), int(given["inner"])]
    return lambda: con.execute(query, sizes).fetchone(), lambda row: stats_answer(*row), None


def start(given):
    con = duckdb.connect(config={"threads": int(given["threads"])})
    return globals()[given["job"]](con, given)


serve(start)
