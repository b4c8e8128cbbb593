// The smallest job there is: what a cold start costs.
import { SparkContext } from "@flint/flint";

const sc = new SparkContext({ name: "one task" });
console.log(await sc.parallelize([1, 2, 3], 1).map((x) => x * 2).collect());
