import { expect, it } from "vitest";
import { type Block, arenaLayout } from "../../src/runtime/arena.ts";
import { Random } from "../../src/index.ts";

function randomBlocks(seed: number, count: number): Block[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const from = random.integer(100);
    return { size: random.integer(4) === 0 ? 0 : random.integer(5000), from, to: from + 1 + random.integer(12), offset: -1 };
  });
}

// Most bytes that are alive at once: no arena is smaller.
function most(blocks: readonly Block[]): number {
  return Math.max(...blocks.map(({ from }) => blocks.filter((one) => one.from <= from && from < one.to).reduce((sum, { size }) => sum + size, 0)));
}

it("places blocks that are alive at the same time apart, inside the arena", () => {
  for (let seed = 0; seed < 50; seed++) {
    const blocks = randomBlocks(seed, 60);
    const bytes = arenaLayout(blocks);
    for (const a of blocks) {
      expect(a.offset % 64).toBe(0);
      expect(a.offset + a.size).toBeLessThanOrEqual(bytes);
      for (const b of blocks) {
        const together = a !== b && a.from < b.to && b.from < a.to && a.size > 0 && b.size > 0;
        if (together) expect(a.offset + a.size <= b.offset || b.offset + b.size <= a.offset).toBe(true);
      }
    }
  }
});

it("needs little more than is alive at once", () => {
  let sum = 0, bound = 0;
  for (let seed = 0; seed < 50; seed++) {
    const blocks = randomBlocks(seed, 60);
    sum += arenaLayout(blocks);
    bound += most(blocks);
  }
  expect(sum / bound).toBeLessThan(1.2);
});

it("gives blocks that follow each other the same place", () => {
  const blocks = Array.from({ length: 10 }, (_, i) => ({ size: 640, from: i, to: i + 1, offset: -1 }));
  expect(arenaLayout(blocks)).toBe(640);
});
