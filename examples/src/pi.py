"""Approximates pi by throwing darts at a square.

pi.py [SLICES]    2 slices, that is tasks, unless told; 100,000 darts each
"""

import random
import sys

from pyspark.sql import SparkSession

DARTS_PER_SLICE = 100_000


def hits(_):
    """How many darts of a slice, thrown at a square, hit the circle in it."""
    return sum(random.uniform(-1, 1) ** 2 + random.uniform(-1, 1) ** 2 <= 1 for _ in range(DARTS_PER_SLICE))


if __name__ == "__main__":
    slices = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    spark = SparkSession.builder.appName("PythonPi").getOrCreate()
    total = spark.sparkContext.parallelize(range(slices), slices).map(hits).sum()
    print(f"Pi is roughly {4.0 * total / (slices * DARTS_PER_SLICE):f}")
    spark.stop()
