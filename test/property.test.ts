// Thousands of random calls: the result is right, or a typed error names what is wrong. Never a trap, never a NaN from nowhere,
// never a leak.

import { describe, expect, test } from "vitest";
import { keep, mul, Random, type Tensor, zeros } from "../src/index.ts";
import { title } from "./check.ts";
import { arithmeticProperties } from "./properties/arithmetic.ts";
import { convolutionProperties } from "./properties/convolution.ts";
import { functionProperties } from "./properties/functions.ts";
import { movementProperties } from "./properties/movement.ts";
import { normProperties } from "./properties/norms.ts";
import { poolingProperties } from "./properties/pooling.ts";
import { checkDraw, type Property } from "./properties/property.ts";
import { resamplingProperties } from "./properties/resampling.ts";

const properties: Property[] = [
  ...convolutionProperties, ...poolingProperties, ...resamplingProperties, ...normProperties, ...movementProperties,
  ...arithmeticProperties, ...functionProperties,
];

const SEED = 3;
const DRAWS = 250;

for (const property of properties) {
  test(`${property.spec.name}: ${DRAWS} random calls`, () => {
    const random = new Random(SEED);
    let valid = 0;
    for (let i = 0; i < DRAWS; i++) {
      const draw = property.draw(random);
      if (draw.valid) valid++;
      try {
        checkDraw(property, draw, i);
      } catch (error) {
        throw new Error(`call ${i}, ${title(draw)}: ${(error as Error).message}`);
      }
    }
    // Both kinds are tried, and often.
    expect(Math.min(valid, property.alwaysValid ? DRAWS : DRAWS - valid)).toBeGreaterThan(DRAWS / 10);
  });
}

describe("a random call is rejected", () => {
  const spec = (run: ([x]: Tensor[]) => Tensor) => ({
    name: "twice",
    run,
    reference: ([x]: { shape: readonly number[]; data: Float64Array }[]) => ({ shape: x!.shape, data: x!.data.map((value) => 2 * value) }),
    cases: [],
    terms: () => 1,
    affine: true,
    bad: [],
  });
  const check = (valid: boolean, run: ([x]: Tensor[]) => Tensor) => () => {
    checkDraw({ spec: spec(run) as never, draw: () => ({ shapes: [], options: {}, valid }) }, { shapes: [[2, 3]], options: {}, valid }, 1);
  };
  const refuse = (error: Error) => () => {
    throw error;
  };

  test("but not a right one", () => expect(check(true, ([x]) => mul(x!, 2))).not.toThrow());
  test("nor a refusal by name", () => expect(check(false, refuse(new RangeError("twice: no")))).not.toThrow());
  test("for a wrong value", () => expect(check(true, ([x]) => mul(x!, 2.001))).toThrow(/element 0/));
  test("for what is no number", () => expect(check(true, ([x]) => mul(x!, NaN))).toThrow(/element 0 is NaN/));
  test("for a wrong shape", () => expect(check(true, () => zeros([3, 2]))).toThrow(/shape \[3,2\]/));
  test("for refusing what is valid", () => expect(check(true, refuse(new RangeError("twice: no")))).toThrow(/refuses a valid call/));
  test("for accepting what is not", () => expect(check(false, ([x]) => mul(x!, 2))).toThrow(/accepts an invalid call/));
  test("for an error without the name", () => expect(check(false, refuse(new TypeError("x is undefined")))).toThrow(/refuses with/));
  test("for a trap", () => expect(check(false, refuse(new WebAssembly.RuntimeError("twice: unreachable")))).toThrow(/refuses with/));
  test("for a leak", () => {
    const left: Tensor[] = [];
    expect(check(true, ([x]) => (left.push(keep(zeros([5]))), mul(x!, 2)))).toThrow(/memory was/);
    left.forEach((x) => x.dispose());
  });
});
