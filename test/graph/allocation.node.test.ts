// A bound run makes its kernel calls, and no objects.

import { expect, it } from "vitest";
import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "../../src/index.ts";
import { compile } from "../../src/onnx/index.ts";

it("a bound run allocates nothing in JavaScript", () => {
  const model = new Sequential(new Conv2d(1, 4, 3, { padding: 1 }), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(64, 10));
  const session = compile(model, { input: [1, 1, 8, 8] });
  const bound = session.bind();
  // Until V8 has optimised the list of calls, its iterator makes objects: 80 bytes for each call in Node 26, for 9000 runs or so. After
  // that the heap stands still; where it does not, it moves in some of ten rounds in a row, collected or not.
  let quiet = 0;
  for (let round = 0; round < 5000 && quiet < 10; round++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 100; i++) bound.run();
    quiet = Math.abs(process.memoryUsage().heapUsed - before) < 1600 ? quiet + 1 : 0;
  }
  session.dispose();
  expect(quiet).toBe(10);
});
