// Learning rates and momenta, step by step, as PyTorch's schedulers set them. `scripts/golden schedules` regenerates them.

import { describe, expect, test } from "vitest";
import * as adjoint from "../src/index.ts";
import { type LRScheduler, type Optimizer, SequentialLR, SGD, zeros } from "../src/index.ts";
import schedules from "./golden/schedules.json" with { type: "json" };

type Schedule = [name: string, args: unknown[], options: object];

interface Run {
  schedule: Schedule;
  /** The steps whose numbers are given. */
  steps: number[];
  lr: number[];
  /** Missing where it does not move. */
  momentum?: number[];
}

// Ten digits are given.
const DIGITS = 1e-9;

function make(optimizer: Optimizer, [name, args, options]: Schedule): LRScheduler {
  if (name === "SequentialLR") {
    const [list, milestones] = args as [Schedule[], number[]];
    return new SequentialLR(optimizer, list.map((one) => make(optimizer, one)), milestones);
  }
  const Scheduler = (adjoint as unknown as Record<string, new (...args: unknown[]) => LRScheduler>)[name]!;
  return new Scheduler(optimizer, ...args, ...(Object.keys(options).length > 0 ? [options] : []));
}

describe("schedules as in PyTorch", () => {
  (schedules.runs as unknown as Run[]).forEach(({ schedule, steps, lr, momentum = lr.map(() => 0.5) }, index) => {
    test(`${index}: ${JSON.stringify(schedule).replaceAll('"', "")}`, () => {
      const parameter = zeros([1]);
      const optimizer = new SGD([parameter], { lr: 0.5, momentum: 0.5 });
      const scheduler = make(optimizer, schedule);
      for (let step = 0; step <= steps.at(-1)!; step++) {
        const at = steps.indexOf(step);
        if (at >= 0) {
          expect(Math.abs(optimizer.lr - lr[at]!)).toBeLessThanOrEqual(DIGITS * lr[at]! + 1e-15);
          expect(Math.abs(optimizer.momentum - momentum[at]!)).toBeLessThanOrEqual(DIGITS);
        }
        scheduler.step();
      }
      parameter.dispose();
    });
  });
});
