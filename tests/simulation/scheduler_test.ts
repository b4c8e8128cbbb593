/**
 * Ten thousand lives of the scheduler, and lives of schedulers with a bug planted in them, which the
 * rules must find. A failing life names its seed; `live(seed, createScheduler)` repeats it.
 */
import assert from "node:assert/strict";
import {
  createScheduler,
  type Instruction,
  type SchedulerOptions,
  type Stimulus,
} from "../../runtime/local/scheduler.ts";
import { type CreateScheduler, live, type Tally } from "./life.ts";

const LIVES = 10_000;
/** A planted bug has to be found within so many lives. */
const LIVES_TO_FIND = 200;

Deno.test(`${LIVES} seeded lives end as they should`, () => {
  const sum: Tally = new Map();
  for (let seed = 0; seed < LIVES; seed++) {
    for (const [what, count] of live(seed, createScheduler)) {
      sum.set(what, (sum.get(what) ?? 0) + count);
    }
  }
  // A simulator that never meets a case proves nothing about it.
  for (const [what, least] of EVERYTHING_HAPPENS) {
    const count = sum.get(what) ?? 0;
    assert.ok(count >= least, `${what} happened only ${count} times in ${LIVES} lives`);
  }
});

const EVERYTHING_HAPPENS: readonly (readonly [string, number])[] = [
  ["jobs", LIVES],
  ["launches", 5 * LIVES],
  ["succeeded", LIVES / 2],
  ["losses", LIVES / 4],
  ["pauses", LIVES / 40],
  ["replaced", LIVES / 400],
  ["lostOutputs", LIVES / 4],
  ["late", LIVES / 4],
  ["barrierLaunches", LIVES / 4],
  ["barrierRelaunches", LIVES / 8],
  ["InvalidArgument", 100],
  ["keptReads", LIVES / 4],
  ["keptElsewhere", 400],
  ["keptLost", 30],
  ["evictions", LIVES / 4],
  ["withoutExchange", 200],
  ["Cancelled", 500],
  ["TaskFailed", 500],
  ["UnhashableKey", 500],
  ["ExecutorLost", 50],
  ["ExecutorOutOfMemory", 50],
  ["TaskExited", 50],
  ["MapOutputLost", 50],
  ["TaskTimeout", 50],
  ["rivals", LIVES / 20],
  ["undone", LIVES / 20],
];

Deno.test("a life is the same whenever it is lived", () => {
  for (let seed = 0; seed < 20; seed++) {
    const [once, again] = [recorded(seed), recorded(seed)];
    assert.deepEqual(once, again);
  }
});

function recorded(seed: number): readonly Instruction[] {
  const record: Instruction[] = [];
  live(seed, planted(undefined, (instruction) => (record.push(instruction), [instruction])));
  return record;
}

/** A scheduler that hears or says something else than the true one. */
function planted(
  hears: ((stimulus: Stimulus) => Stimulus | undefined) | undefined,
  says: (instruction: Instruction) => readonly Instruction[] = (instruction) => [instruction],
): CreateScheduler {
  return (options: SchedulerOptions) => {
    const scheduler = createScheduler(options);
    return {
      handle(stimulus) {
        const heard = hears === undefined ? stimulus : hears(stimulus);
        return heard === undefined ? [] : scheduler.handle(heard).flatMap(says);
      },
    };
  };
}

/** What the rules say about a scheduler with a bug: the first of the lives that break. */
function found(create: CreateScheduler, lives = LIVES_TO_FIND): string {
  for (let seed = 0; seed < lives; seed++) {
    try {
      live(seed, create);
    } catch (error) {
      return (error as Error).message;
    }
  }
  return "nothing";
}

Deno.test("planted bug: a lost output is only tried again", () => {
  const deaf = planted((stimulus) =>
    stimulus.kind === "taskEnded" && stimulus.result.kind === "inputLost"
      ? {
        ...stimulus,
        result: {
          kind: "killed",
          reason: "",
          task: stimulus.result.task,
          metrics: stimulus.result.metrics,
        },
      }
      : stimulus
  );
  assert.match(found(deaf), /did not discard/);
});

Deno.test("planted bug: nobody remembers who drew", () => {
  const forgets = planted((stimulus) =>
    stimulus.kind === "taskEnded" && stimulus.result.kind === "written"
      ? { ...stimulus, result: { ...stimulus.result, drew: false } }
      : stimulus
  );
  assert.match(found(forgets), /did not discard|did not count|before all of its stage|given parts/);
});

Deno.test("planted bug: who reads what is rolled back goes on", () => {
  const goesOn = planted(undefined, (said) => {
    return said.kind === "cancel" && /made anew/.test(said.reason) ? [] : [said];
  });
  assert.match(found(goesOn, 1_000), /runs on, and what it reads|runs twice|without a free slot/);
});

Deno.test("planted bug: what was persisted of what is rolled back stays", () => {
  const create: CreateScheduler = (options) => {
    let isRolledBack = false;
    return planted(
      (stimulus) => {
        isRolledBack = stimulus.kind === "taskEnded" && stimulus.result.kind === "inputLost";
        return stimulus;
      },
      (said) => said.kind === "forgetKept" && isRolledBack ? [] : [said],
    )(options);
  };
  assert.match(found(create, 2_000), /which was rolled back/);
});

Deno.test("planted bug: a value is delivered twice", () => {
  const stutters = planted(
    undefined,
    (said) => said.kind === "deliver" && said.partition > 0 ? [said, said] : [said],
  );
  assert.match(found(stutters), /delivered partition \d+ twice/);
});

Deno.test("planted bug: no task is launched again", () => {
  const forgets = planted(
    undefined,
    (said) => said.kind === "launch" && said.task.attempt > 0 ? [] : [said],
  );
  assert.match(found(forgets), /is stuck|failed without cause|cancelled what does not run/);
});

Deno.test("planted bug: executors are told of outputs only once", () => {
  const create: CreateScheduler = (options) => {
    const told = new Set<string>();
    return planted(undefined, (said) => {
      if (said.kind !== "prepare") return [said];
      const key = `${said.executor}/${said.stage.id}`;
      return told.has(key) ? [] : (told.add(key), [said]);
    })(options);
  };
  assert.match(found(create), /locations that are not current/);
});

Deno.test("planted bug: accumulators of a repeated map task count again", () => {
  const create: CreateScheduler = (options) => {
    const scheduler = createScheduler(options);
    return {
      handle(stimulus) {
        const said = scheduler.handle(stimulus);
        if (stimulus.kind !== "taskEnded" || stimulus.result.kind !== "written") return said;
        const { task, updates } = stimulus.result;
        const again = task.attempt > 0 && !said.some(({ kind }) => kind === "accumulate");
        const { stage } = task;
        return again ? [{ kind: "accumulate", job: 0, stage, updates }, ...said] : said;
      },
    };
  };
  assert.match(found(create), /counted twice/);
});

Deno.test("planted bug: a task of a barrier stage starts later than the others", () => {
  const create: CreateScheduler = (options) => {
    const scheduler = createScheduler(options);
    let late: Instruction[] = [];
    return {
      handle(stimulus) {
        const said = [...late, ...scheduler.handle(stimulus)];
        late = said.filter((each) =>
          each.kind === "launch" && each.task.partition > 0 && each.info.addresses !== undefined
        );
        return said.filter((each) => !late.includes(each));
      },
    };
  };
  assert.match(found(create), /not launched together/);
});

Deno.test("planted bug: a task of a barrier stage that is lost starts again alone", () => {
  const lonely = planted(undefined, (said) => {
    return said.kind === "cancel" && /starts again/.test(said.reason) ? [] : [said];
  });
  assert.match(found(lonely), /runs twice at once|without a free slot|not launched together/);
});

Deno.test("planted bug: values of a barrier stage are delivered one by one", () => {
  const create: CreateScheduler = (options) => {
    const scheduler = createScheduler(options);
    const barriers = new Map<number, number>();
    return {
      handle(stimulus) {
        const said = scheduler.handle(stimulus);
        if (stimulus.kind === "jobSubmitted") {
          const { stage } = stimulus.stages.at(-1)!;
          if (stage.barrier) barriers.set(stage.id, stimulus.job);
        }
        if (stimulus.kind !== "taskEnded" || stimulus.result.kind !== "value") return said;
        const { task: { stage, partition }, blocks, updates } = stimulus.result;
        const job = barriers.get(stage);
        if (job === undefined || said.some(({ kind }) => kind === "deliver")) return said;
        return [{ kind: "deliver", job, stage, partition, blocks, updates }, ...said];
      },
    };
  };
  assert.match(found(create), /before all of its stage|delivered to a job/);
});

Deno.test("planted bug: nothing is let go above the limit", () => {
  const hoards: CreateScheduler = (options) =>
    createScheduler({ ...options, shuffleBytesMax: undefined });
  assert.match(found(hoards), /outputs are too many/);
});

Deno.test("planted bug: what was evicted is believed to be there", () => {
  const deaf = planted((stimulus) => stimulus.kind === "keptDropped" ? undefined : stimulus);
  const signs =
    /is not kept there|before its input was there|did not run|was not told of|failed without cause/;
  assert.match(found(deaf), signs);
});

Deno.test("planted bug: nobody remembers what is kept", () => {
  const forgets = planted((stimulus) =>
    stimulus.kind === "taskEnded" && "kept" in stimulus.result
      ? { ...stimulus, result: { ...stimulus.result, kept: [] } }
      : stimulus
  );
  assert.match(found(forgets), /was not told of|what a free executor keeps|no job waits for/);
});

Deno.test("planted bug: tasks are not told what others keep", () => {
  const silent = planted(
    undefined,
    (said) => said.kind === "launch" ? [{ ...said, elsewhere: [] }] : [said],
  );
  assert.match(found(silent), /was not told of/);
});

Deno.test("planted bug: what is not persisted any more is kept for ever", () => {
  const hoards = planted(undefined, (said) => said.kind === "forgetKept" ? [] : [said]);
  assert.match(found(hoards), /for nobody/);
});

Deno.test("planted bug: a task that has lost what was kept is only tried again", () => {
  const stubborn = planted((stimulus) => {
    if (stimulus.kind !== "taskEnded" || stimulus.result.kind !== "keptLost") return stimulus;
    const { task, metrics } = stimulus.result;
    return { ...stimulus, result: { kind: "killed", reason: "", task, metrics } };
  });
  assert.match(found(stubborn, 10_000), /is not kept there|before its input was there/);
});

Deno.test("planted bug: a lost executor goes unnoticed", () => {
  const calm = planted((stimulus) => stimulus.kind === "executorLost" ? undefined : stimulus);
  assert.match(
    found(calm),
    /dead executor|is stuck|should have failed|nobody waits|did not discard|what does not run/,
  );
});

Deno.test("planted bug: nobody looks how long a task runs", () => {
  const patient = planted((stimulus) => stimulus.kind === "tick" ? undefined : stimulus);
  assert.match(found(patient), /runs on, and its time is over/);
});

Deno.test("planted bug: what has run for too long is tried again for ever", () => {
  const lenient: CreateScheduler = (options) =>
    createScheduler({ ...options, attemptsMax: options.taskMsMax ? 1_000 : options.attemptsMax });
  assert.match(found(lenient), /should have failed/);
});

Deno.test("planted bug: who was slower is not told", () => {
  const silent = planted(undefined, (said) => {
    return said.kind === "cancel" && /was faster/.test(said.reason) ? [] : [said];
  });
  assert.match(found(silent), /runs on, and another attempt was faster/);
});

Deno.test("planted bug: what is not late gets a rival", () => {
  const hasty: CreateScheduler = (options) =>
    createScheduler({
      ...options,
      speculation: options.speculation && { ...options.speculation, multiplier: 0.1 },
    });
  assert.match(found(hasty), /is not late/);
});

Deno.test("planted bug: one who has nobody to be compared with gets a rival", () => {
  const rash: CreateScheduler = (options) =>
    createScheduler({
      ...options,
      speculation: options.speculation && { ...options.speculation, quantile: 0 },
    });
  assert.match(found(rash), /came too early/);
});

Deno.test("planted bug: the slower attempt counts as well", () => {
  const create: CreateScheduler = (options) => {
    const scheduler = createScheduler(options);
    const slower = new Set<string>();
    const jobs = new Map<number, number>();
    return {
      handle(stimulus) {
        const said = scheduler.handle(stimulus);
        for (const each of said) {
          if (each.kind === "deliver") jobs.set(each.stage, each.job);
          if (each.kind !== "cancel" || !/was faster/.test(each.reason)) continue;
          slower.add(JSON.stringify(each.task));
        }
        if (stimulus.kind !== "taskEnded" || stimulus.result.kind !== "value") return said;
        const { task, blocks, updates } = stimulus.result;
        if (!slower.has(JSON.stringify(task))) return said;
        const { stage, partition } = task;
        const job = jobs.get(stage)!;
        return [{ kind: "deliver", job, stage, partition, blocks, updates }, ...said];
      },
    };
  };
  assert.match(found(create), /delivered partition \d+ twice|delivered to a job that does not run/);
});

Deno.test("planted bug: pools are served first come, first served", () => {
  const unfair: CreateScheduler = (options) =>
    createScheduler({ ...options, sharing: { mode: "FIFO" } });
  assert.match(found(unfair), /was served before job/);
});

Deno.test("planted bug: pools all weigh the same", () => {
  const weightless: CreateScheduler = (options) =>
    createScheduler({
      ...options,
      sharing: options.sharing && { mode: "FAIR", weights: new Map() },
    });
  assert.match(found(weightless), /was served before job/);
});
