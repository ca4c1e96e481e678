// Approximates pi by throwing darts at a square: the classic first program, under the name by which Spark's users know
// it.
//
//   SparkPi [SLICES]    2 slices, that is tasks, unless told; 100,000 darts each
//
// Compiled against Spark's own jars: javac -cp "$SPARK_HOME/jars/*" -d classes SparkPi.java

package org.apache.spark.examples;

import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

public final class SparkPi {
  private static final int DARTS_PER_SLICE = 100_000;

  private SparkPi() {}

  public static void main(String[] args) {
    int slices = args.length > 0 ? Integer.parseInt(args[0]) : 2;
    SparkSession spark = SparkSession.builder().appName("Spark Pi").getOrCreate();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    long darts = (long) slices * DARTS_PER_SLICE;
    long hits =
        context
            .parallelize(IntStream.range(0, slices).boxed().collect(Collectors.toList()), slices)
            .map(slice -> hits(DARTS_PER_SLICE))
            .reduce(Long::sum);
    System.out.println("Pi is roughly " + 4.0 * hits / darts);
    spark.stop();
  }

  /** How many of so many darts, thrown at a square, hit the circle in it. */
  private static long hits(int darts) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    long hits = 0;
    for (int i = 0; i < darts; i++) {
      double x = random.nextDouble() * 2 - 1;
      double y = random.nextDouble() * 2 - 1;
      if (x * x + y * y <= 1) {
        hits++;
      }
    }
    return hits;
  }
}
