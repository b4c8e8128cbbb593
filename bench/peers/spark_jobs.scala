// Spark without Python as a contestant of bench/run.ts: `spark-shell -i` of the package of PySpark.
import java.util.zip.CRC32
import org.apache.spark.SparkContext

object Contest extends Serializable {
  // Number of words, their sum, and a sum in which each word weighs differently.
  def countsDigest(counts: scala.collection.Map[String, Int]): String = {
    val weighed = counts.iterator.map { case (word, count) =>
      val crc = new CRC32
      crc.update(word.getBytes("UTF-8"))
      count * (crc.getValue & 0xffff)
    }.sum
    s"${counts.size} ${counts.valuesIterator.map(_.toLong).sum} $weighed"
  }

  // Number of lines and checksum of all of them, a line feed after each.
  def digest(lines: Iterator[String]): String = {
    val crc = new CRC32
    var count = 0L
    for (line <- lines) { crc.update(s"$line\n".getBytes("UTF-8")); count += 1 }
    s"$count ${crc.getValue}"
  }

  // What is done by the clock gives what reads its result.
  def work(sc: SparkContext, given: Map[String, String]): () => () => String = given("job") match {
    case "first" => () => {
      val result = sc.parallelize(Seq(1, 2, 3), 1).map(x => x * 2).collect()
      () => result.mkString(",")
    }
    case "wordcount" => () => {
      val rdd = sc.textFile(given("text"))
      val counts = rdd.flatMap(x => x.split("/", -1)).map(x => (x, 1)).reduceByKey((x, y) => x + y).collectAsMap()
      () => countsDigest(counts)
    }
    case "sort" => () => {
      val count = sc.textFile(given("text")).sortBy(x => x, true).count()
      () => count.toString
    }
    case "stats" =>
      val (outer, inner) = (given("outer").toInt, given("inner").toInt)
      () => {
        val s = sc.parallelize(0 until outer, 20).flatMap(_ => 0 until inner).stats()
        () => "%d %.6f %.6f".formatLocal(java.util.Locale.ROOT, s.count, s.mean, s.stdev)
      }
    case "tasks" =>
      val tasks = given("tasks").toInt
      () => {
        val count = sc.parallelize(0 until tasks, tasks).count()
        () => count.toString
      }
  }

  def checked(sc: SparkContext, given: Map[String, String]): String = given("job") match {
    case "sort" => digest(sc.textFile(given("text")).sortBy(x => x, true).toLocalIterator)
    case _ => work(sc, given)()()
  }

  def serve(sc: SparkContext): Unit = {
    val words = new java.io.BufferedReader(new java.io.InputStreamReader(System.in))
    val given = words.readLine().split("\t").map(_.split("=", 2)).map(pair => pair(0) -> pair(1)).toMap
    val job = work(sc, given)
    Iterator.continually(words.readLine()).takeWhile(_ != null).foreach { word =>
      val begin = System.nanoTime
      val read = if (word == "check") () => checked(sc, given) else job()
      val seconds = (System.nanoTime - begin) / 1e9
      println(s"""answer {"seconds":$seconds,"answer":"${read()}"}""")
    }
  }
}

Contest.serve(sc)
System.exit(0)
