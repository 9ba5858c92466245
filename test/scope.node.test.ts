import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { add, conv2d, keep, memory, ones, scope, type Tensor } from "../src/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Collects garbage until the finalizers have brought the number of tensors down, or gives up. */
async function settle(tensors: number): Promise<void> {
  for (let i = 0; i < 50 && memory().tensors > tensors; i++) {
    collect();
    await setImmediate();
  }
}

test("tensors that were dropped outside of every scope are freed by the garbage collector, and only those", async () => {
  const before = memory();
  const held: Tensor[] = [];
  (() => {
    held.push(ones([7]));
    for (let i = 0; i < 20; i++) ones([1000]);
    const x = ones([1, 2, 8, 8]), w = ones([3, 2, 3, 3]);
    held.push(conv2d(x, w));
    // Returned, kept and shared ones have left their scopes for good.
    scope(() => [ones([10]), ones([20])]);
    scope(() => void keep(ones([30])));
    ones([40]).alias([4, 10]);
    held.push(ones([50]).alias([5, 10]));
    // Disposed by hand: the finalizer must not free a second time.
    ones([60]).dispose();
  })();
  expect(memory().tensors).toBeGreaterThan(before.tensors + 25);
  await settle(before.tensors + held.length);
  expect(memory()).toMatchObject({ tensors: before.tensors + 3, blocks: before.blocks + 3 });
  expect(held.map((x) => x.data()[0])).toEqual([1, 18, 1]);
  scope(() => expect([...add(held[0]!, held[0]!).data()]).toEqual(new Array(7).fill(2)));
  for (const x of held) x.dispose();
  expect(memory()).toMatchObject({ tensors: before.tensors, blocks: before.blocks, bytes: before.bytes });
});
