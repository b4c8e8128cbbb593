"""What the Python peers of bench/run.ts share: its protocol (bench/programs/contestant.ts), and how answers read."""
import json
import sys
import time
import zlib


def serve(start):
    """`start` makes of the sizes of a job what does it, what reads its result and what checks it closely."""
    words = sys.stdin.readline().rstrip("\n").split("\t")
    work, read, check = start(dict(word.split("=", 1) for word in words))
    while word := sys.stdin.readline().strip():
        seconds = 0.0
        if word == "check":
            answer = check() if check else read(work())
        else:
            begin = time.perf_counter()
            result = work()
            seconds = time.perf_counter() - begin
            answer = read(result)
        print("answer", json.dumps({"seconds": seconds, "answer": answer}), flush=True)


def digest(lines):
    """Number of lines and checksum of all of them, a line feed after each."""
    count, crc = 0, 0
    for line in lines:
        crc = zlib.crc32(f"{line}\n".encode(), crc)
        count += 1
    return f"{count} {crc}"


def counts_digest(counts):
    """Number of words, their sum, and a sum in which each word weighs differently. Takes pairs."""
    words = total = weighed = 0
    for word, count in counts:
        words += 1
        total += count
        weighed += count * (zlib.crc32(word.encode()) & 0xFFFF)
    return f"{words} {total} {weighed}"


def stats_answer(count, mean, stdev):
    return f"{count} {mean:.6f} {stdev:.6f}"
