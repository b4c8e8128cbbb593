/**
 * What operators work on: a draft node and the driver that can run it.
 *
 *     RDD<T>   types and documentation            runtime/rdd.ts
 *       │  one line each
 *     operators/<family>.ts   Dataset ──► Dataset, or ──► Promise of a result
 *       │
 *     Driver   captures, resolves, runs           runtime/driver.ts
 *
 * A dataset has no type of its records: what may follow what is `RDD`'s business.
 */
import { assert, PlanError } from "../core/errors.ts";
import type { Grants } from "../core/grants.ts";
import type { Exchange } from "../core/plan/exchange.ts";
import type { NarrowOp } from "../core/plan/ops.ts";
import type { Draft, SourceRequest, UserFunction } from "../core/plan/plan.ts";
import { CallSite } from "./call_site.ts";
import type { Driver } from "./driver.ts";

/** A draft node without what every node has. */
type Content<D = Draft> = D extends unknown ? Omit<D, "id" | "label"> : never;

/** The dataset of each draft: the draft's label holds it as well. */
const datasets = new WeakMap<Draft, Dataset>();

/** A draft node and the driver that can run it. */
export class Dataset {
  readonly driver: Driver;
  readonly draft: Draft;
  /** What the user calls it, beside what it is. */
  name: string | undefined;

  private constructor(driver: Driver, site: CallSite, content: Content) {
    driver.assertRunning(site.operator);
    this.driver = driver;
    const label = () => this.name === undefined ? site.text : `${this.name}: ${site.text}`;
    // The label is made when somebody looks: most are never seen.
    const naming = {
      get label() {
        return label();
      },
    };
    this.draft = Object.assign(naming, { id: driver.nextPlanId(), ...content }) as Draft;
    driver.keepWhileReachable(this.draft);
    datasets.set(this.draft, this);
  }

  /** The dataset whose draft it is. */
  static of(draft: Draft): Dataset {
    const dataset = datasets.get(draft);
    assert(dataset !== undefined, `no dataset was made with draft ${draft.id}`);
    return dataset;
  }

  static source(driver: Driver, operator: string, source: SourceRequest): Dataset {
    return new Dataset(driver, new CallSite(operator), { kind: "source", source });
  }

  /** The partitions of all of them, one after the other. */
  static union(operator: string, sides: readonly Dataset[]): Dataset {
    const driver = sides[0]?.driver;
    if (driver === undefined) {
      throw new PlanError(
        "InvalidArgument",
        `Cannot call ${operator}(): there is nothing to unite`,
        "Pass at least one RDD",
      );
    }
    refuseOtherContexts(operator, sides);
    const from = sides.map((side) => side.draft);
    return new Dataset(driver, new CallSite(operator), { kind: "union", from });
  }

  /** `fn` over the records of the partitions of the same index, an iterator for each side. */
  static zip(site: CallSite, sides: readonly [Dataset, ...Dataset[]], fn: UserFunction): Dataset {
    refuseOtherContexts(site.operator, sides);
    const from = sides.map((side) => side.draft);
    return new Dataset(sides[0].driver, site, { kind: "zip", from, fn });
  }

  /** Pairs of every record and every record of `right`. */
  cross(site: CallSite, right: Dataset): Dataset {
    refuseOtherContexts(site.operator, [this, right]);
    return new Dataset(this.driver, site, { kind: "cross", left: this.draft, right: right.draft });
  }

  narrow(site: CallSite, op: NarrowOp<UserFunction>): Dataset {
    return new Dataset(this.driver, site, { kind: "narrow", from: this.draft, op });
  }

  exchange(site: CallSite, exchange: Exchange<UserFunction, number | undefined>): Dataset {
    return new Dataset(this.driver, site, { kind: "exchange", from: this.draft, exchange });
  }

  /** The same records; the stage that computes them may do more. */
  permitted(site: CallSite, grants: Grants): Dataset {
    return new Dataset(this.driver, site, { kind: "union", from: [this.draft], grants });
  }

  coalesce(site: CallSite, partitions: number): Dataset {
    return new Dataset(this.driver, site, { kind: "coalesce", from: this.draft, partitions });
  }
}

function refuseOtherContexts(operator: string, sides: readonly Dataset[]): void {
  if (sides.every((side) => side.driver === sides[0]!.driver)) return;
  throw new PlanError(
    "InvalidArgument",
    `Cannot call ${operator}(): the datasets belong to different contexts`,
    "Make them with the same SparkContext",
  );
}
