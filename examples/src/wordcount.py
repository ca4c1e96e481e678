"""Counts the words of text files and writes the counts as Parquet.

wordcount.py INPUT OUTPUT    paths or URIs that driver and executors can reach; what is at OUTPUT is replaced
"""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

TOP = 20

if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    source, target = sys.argv[1:]
    spark = SparkSession.builder.appName("WordCount").getOrCreate()
    words = spark.read.text(source).select(f.explode(f.split(f.lower("value"), r"\W+")).alias("word"))
    counts = words.where("word != ''").groupBy("word").count()
    counts.write.mode("overwrite").parquet(target)
    for row in spark.read.parquet(target).orderBy(f.desc("count"), "word").limit(TOP).collect():
        print(f"{row['count']:>8} {row['word']}")
    spark.stop()
