import { describe, expect, test } from "vitest";
import { memory } from "../src/index.ts";
import { checkForward, checkGradients, title } from "./check.ts";
import { specs } from "./specs/index.ts";

for (const spec of specs) {
  describe(spec.name, () => {
    for (const one of spec.cases) {
      test(`${title(one)}: forward`, () => checkForward(spec, one));
      test(`${title(one)}: gradients`, () => checkGradients(spec, one));
    }
    for (const { name, call, error, message } of spec.bad) {
      test(`refuses ${name}`, () => {
        expect(call).toThrow(error);
        expect(call).toThrow(message);
      });
    }
  });
}

test("the cases leave nothing behind but what bad calls were given", () => {
  const before = memory();
  for (const spec of specs) checkForward(spec, spec.cases[0]!);
  expect(memory()).toEqual({ ...before, capacity: expect.any(Number) });
});
