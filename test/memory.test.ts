import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { conv2d, init, memory, ones, relu, scope, ShapeError, sum, type Tensor, tensor, zeros } from "../src/index.ts";
import { captured, type PreparedForms } from "../src/runtime/capture.ts";
import { allocate, floats, free, ints, withPrepared, withScratch } from "../src/runtime/memory.ts";
import { random } from "./kernels/buffers.ts";

const MAX_BYTES = 2 ** 32;
const PAGE_BYTES = 65536;
const what = () => "a test";

/** What is alive, without the capacity, which only grows. */
const alive = () => {
  const { tensors, bytes, blocks } = memory();
  return { tensors, bytes, blocks };
};

let before: ReturnType<typeof alive>;
beforeEach(() => {
  before = alive();
});
afterEach(async () => {
  await init({ memoryLimit: MAX_BYTES });
  expect(alive()).toEqual(before);
});

/** From here on the memory can give what is free in it, and not grow. */
const stopGrowth = () => init({ memoryLimit: memory().capacity });

describe("allocate", () => {
  test("hands out addresses aligned to 16, never 0, counted in size classes", () => {
    for (const size of [0, 1, 15, 16, 17, 127, 128, 129, 255, 256, 257, 1000, 4096, 4097, 65535, 65537, 1000003]) {
      const ptr = allocate(size, what);
      expect(ptr % 16).toBe(0);
      expect(ptr).toBeGreaterThan(0);
      const taken = memory().bytes - before.bytes;
      expect(taken).toBeGreaterThanOrEqual(size);
      // Multiples of 16, and at most an eighth lost.
      expect(taken % 16).toBe(0);
      expect(taken - size).toBeLessThanOrEqual(Math.max(16, size / 8));
      expect(memory().blocks).toBe(before.blocks + 1);
      free(ptr, size);
    }
  });

  test("uses a freed block again, for any size of its class", () => {
    const first = allocate(1000, what), second = allocate(1000, what);
    free(first, 1000);
    const third = allocate(970, what);
    expect(third).toBe(first);
    expect(third).not.toBe(second);
    free(second, 1000);
    free(third, 970);
  });

  test("a program that does the same work twice does not grow the memory", () => {
    const work = () => scope(() => [100, 10000, 300000, 77].map((n) => zeros([n])).reduce((total, x) => total + x.size, 0));
    work();
    const { capacity } = memory();
    for (let i = 0; i < 50; i++) work();
    expect(memory().capacity).toBe(capacity);
  });

  test("growth keeps what is there", () => {
    const values = Float32Array.from(random(5000, 1));
    const x = tensor(values);
    const { capacity } = memory();
    const big = zeros([capacity / 4 + 1000]);
    expect(memory().capacity).toBeGreaterThan(capacity);
    expect(memory().capacity % PAGE_BYTES).toBe(0);
    expect(x.data()).toEqual(values);
    expect(big.data().every((value) => value === 0)).toBe(true);
    x.dispose();
    big.dispose();
  });

  // Three mixes: a growing heap, a full one where larger blocks must be cut, and many small blocks.
  test.each([
    { seed: 1, largest: 40000, limited: false },
    { seed: 2, largest: 300000, limited: true },
    { seed: 3, largest: 200, limited: true },
  ])("random requests never overlap: %o", async ({ seed, largest, limited }) => {
    if (limited) await stopGrowth();
    const steps = random(2500, seed);
    const live: { ptr: number; size: number; word: number }[] = [];
    let refused = 0;
    const give = (i: number) => {
      const [{ ptr, size, word }] = live.splice(i, 1) as [(typeof live)[0]];
      // Every block is full of its own word: another's would show.
      expect(ints(ptr, size >> 2).every((value) => value === word)).toBe(true);
      free(ptr, size);
    };
    steps.forEach((choice, step) => {
      const pick = Math.abs(steps[(step * 7 + 3) % steps.length]!);
      if (choice > -0.1 || live.length === 0) {
        const size = Math.floor(pick ** 3 * largest) & ~3;
        try {
          const ptr = allocate(size, what);
          ints(ptr, size >> 2).fill(step);
          live.push({ ptr, size, word: step });
        } catch (error) {
          refused++;
          expect(error).toBeInstanceOf(RangeError);
          for (let half = live.length >> 1; half > 0; half--) give(half);
        }
      } else {
        give(Math.floor(pick * live.length));
      }
    });
    const sorted = [...live].sort((a, b) => a.ptr - b.ptr);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i]!.ptr).toBeGreaterThanOrEqual(sorted[i - 1]!.ptr + sorted[i - 1]!.size);
    if (seed === 2) expect(refused).toBeGreaterThan(0);
    while (live.length > 0) give(live.length - 1);
  });

  test("cuts a larger free block when the memory cannot grow", async () => {
    const large = allocate(2 ** 20, what);
    await stopGrowth();
    const fill: number[] = [];
    try {
      for (;;) fill.push(allocate(16384, what));
    } catch {
      // Full, in requests of this size.
    }
    free(large, 2 ** 20);
    const parts = [16384, 16384, 50000].map((size) => [allocate(size, what), size] as const);
    for (const [ptr, size] of parts) {
      expect(ptr).toBeGreaterThanOrEqual(large);
      expect(ptr + size).toBeLessThanOrEqual(large + 2 ** 20);
      expect(ptr % 16).toBe(0);
    }
    parts.sort(([a], [b]) => a - b).reduce((end, [ptr, size]) => {
      expect(ptr).toBeGreaterThanOrEqual(end);
      return ptr + size;
    }, 0);
    for (const [ptr, size] of parts) free(ptr, size);
    for (const ptr of fill) free(ptr, 16384);
  });

  test("what was cut into small blocks can be one large block again", async () => {
    const size = 2 ** 20;
    const large = allocate(size, what);
    free(large, size);
    await stopGrowth();
    for (let round = 0; round < 3; round++) {
      const small: number[] = [];
      try {
        for (;;) small.push(allocate(7000, what));
      } catch {
        // Full.
      }
      for (const ptr of small) free(ptr, 7000);
      free(allocate(size, what), size);
    }
  });
});

test("a prepared form that fails leaves nothing behind, and is made by the next capture", () => {
  const made = new Map<string, { ptr: number; bytes: number }>();
  const forms: PreparedForms = {
    has: () => true,
    get: (_, form) => made.get(form)?.ptr,
    set: (_, form, ptr, bytes) => void made.set(form, { ptr, bytes }),
  };
  const capture = (prepare: (buffer: number) => void) => captured(() => withPrepared(0, "copy", 4, prepare, (buffer) => buffer), forms);
  expect(() => capture(() => { throw new Error("a thread is gone"); })).toThrow("a thread is gone");
  expect(alive()).toEqual(before);
  const { captured: calls, result } = capture((buffer) => floats(buffer, 4).fill(1));
  expect([...floats(result, 4)]).toEqual([1, 1, 1, 1]);
  calls.dispose();
  for (const { ptr, bytes } of made.values()) free(ptr, bytes);
});

describe("withScratch", () => {
  test("lends buffers side by side, each aligned to 16, and takes them back", () => {
    const sizes = [5, 0, 16, 1, 1000];
    const result = withScratch(sizes, (...ptrs) => {
      expect(ptrs.length).toBe(sizes.length);
      ptrs.forEach((ptr, i) => {
        expect(ptr % 16).toBe(0);
        if (i > 0) expect(ptr).toBeGreaterThanOrEqual(ptrs[i - 1]! + sizes[i - 1]! * 4);
        floats(ptr, sizes[i]!).fill(i);
      });
      ptrs.forEach((ptr, i) => expect(floats(ptr, sizes[i]!).every((value) => value === i)).toBe(true));
      expect(memory().blocks).toBe(before.blocks + 1);
      return "result";
    });
    expect(result).toBe("result");
  });

  test("refuses what a kernel's 32 bits tell as a negative number of floats", () => {
    expect(() => withScratch([2 ** 31 | 0], () => undefined)).toThrow("out of memory: 8589934592 bytes for scratch buffers");
  });

  test("takes them back when its function throws", () => {
    expect(() => withScratch([100], () => { throw new Error("inside"); })).toThrow("inside");
  });
});

describe("memoryLimit", () => {
  test.each([0, -1, 1000, NaN, Infinity, 1.5 * PAGE_BYTES + 0.5, MAX_BYTES + 1])("refuses %o", async (memoryLimit) => {
    await expect(init({ memoryLimit })).rejects.toThrow(RangeError);
    await expect(init({ memoryLimit })).rejects.toThrow(`memoryLimit must be an integer from 65536 to 4294967296 bytes, got ${memoryLimit}`);
  });

  test("is never exceeded, whether it is a whole number of pages or not", async () => {
    for (const extra of [0, 1, 100, PAGE_BYTES - 1, PAGE_BYTES, PAGE_BYTES + 1]) {
      const memoryLimit = memory().capacity + extra;
      await init({ memoryLimit });
      const blocks: number[] = [];
      try {
        for (;;) blocks.push(allocate(4096, what));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
      expect(memory().capacity).toBeLessThanOrEqual(memoryLimit);
      for (const ptr of blocks) free(ptr, 4096);
    }
  });

  test("beyond it there is a RangeError that names the request and what is alive, and everything stays usable", async () => {
    const values = Float32Array.from(random(1000, 2));
    const x = tensor(values);
    await stopGrowth();
    const { capacity } = memory();
    const want = [capacity / 4];
    expect(() => zeros(want)).toThrow(RangeError);
    expect(() => zeros(want)).not.toThrow(ShapeError);
    expect(() => zeros(want)).toThrow(
      `out of memory: ${capacity} bytes for a tensor [${want}]; ` +
        `${before.tensors + 1} tensors hold ${memory().bytes} bytes of at most ${capacity}. ` +
        "scope(fn) frees the tensors that fn makes",
    );
    expect(memory()).toMatchObject({ tensors: before.tensors + 1, blocks: before.blocks + 1, capacity });
    expect(x.data()).toEqual(values);
    expect(scope(() => relu(x).data())).toEqual(values.map((value) => Math.max(value, 0)));

    await init({ memoryLimit: 3 * capacity });
    zeros(want).dispose();
    x.dispose();
  });

  test("4 GiB of request is refused in words, whatever is left of the address space", async () => {
    await stopGrowth();
    expect(() => zeros([2 ** 30])).toThrow(/out of memory: 4294967296 bytes for a tensor \[1073741824\]/);
    expect(() => allocate(2 ** 40, what)).toThrow(/out of memory: 1099511627776 bytes for a test/);
  });
});

describe("an operation that fails for want of memory", () => {
  const failures = (call: (x: Tensor, w: Tensor) => Tensor) => async () => {
    const x = ones([2, 8, 60, 60]), w = ones([16, 8, 3, 3]);
    // The free memory is taken away from the largest blocks down, so that the operation's steps fail one after the other.
    const sizes = [2 * 16 * 60 * 60 * 4, 2 ** 18, 2 ** 17, 2 ** 16, 2 ** 15, 8192, 1024];
    scope(() => call(x, w).shape);
    await stopGrowth();
    const full = alive();
    const taken: [ptr: number, size: number][] = [];
    let failed = 0;
    for (const size of sizes) {
      try {
        for (;;) taken.push([allocate(size, what), size]);
      } catch {
        // No block of this size is left.
      }
      const held = alive();
      try {
        scope(() => call(x, w).shape);
      } catch (error) {
        failed++;
        expect(error).toBeInstanceOf(RangeError);
        expect(String(error)).toMatch(/out of memory: \d+ bytes for (a tensor \[|scratch buffers|a copy of)/);
      }
      expect(alive()).toEqual(held);
      try {
        call(x, w).dispose();
      } catch {
        failed++;
      }
      expect(alive()).toEqual(held);
    }
    // With all but a kilobyte taken, nothing works any more.
    expect(failed).toBeGreaterThan(4);
    for (const [ptr, size] of taken) free(ptr, size);
    expect(alive()).toEqual(full);
    call(x, w).dispose();
    x.dispose();
    w.dispose();
  };

  test("relu leaves nothing behind", failures((x) => relu(x)));
  test("conv2d leaves nothing behind", failures((x, w) => conv2d(x, w, { padding: 1 })));
  test("tensor leaves nothing behind, whichever of its two blocks is refused", async () => {
    const values = new Float32Array(2 * 8 * 100 * 100), shape = [2, 8, 100, 100];
    const bytes = values.byteLength;
    const one = allocate(bytes, what), two = allocate(bytes, what);
    await stopGrowth();
    const rest: number[] = [];
    try {
      for (;;) rest.push(allocate(bytes, what));
    } catch {
      // Not one more of this size.
    }
    const held = alive();
    expect(() => tensor(values, shape)).toThrow(/out of memory/);
    expect(alive()).toEqual(held);
    free(one, bytes);
    const half = alive();
    expect(() => tensor(values, shape)).toThrow(/out of memory/);
    expect(alive()).toEqual(half);
    free(two, bytes);
    tensor(values, shape).dispose();
    for (const ptr of rest) free(ptr, bytes);
  });

  test("data leaves nothing behind when its copy is refused", async () => {
    const x = ones([2, 8, 100, 100]);
    await stopGrowth();
    const taken: number[] = [];
    try {
      for (;;) taken.push(allocate(x.size * 4, what));
    } catch {
      // Full, in blocks of this size.
    }
    const held = alive();
    expect(() => x.data()).toThrow(/out of memory: 640000 bytes for a copy of a tensor \[2, 8, 100, 100\]/);
    expect(alive()).toEqual(held);
    expect(scope(() => sum(x).item())).toBe(160000);
    for (const ptr of taken) free(ptr, x.size * 4);
    expect(x.data().length).toBe(160000);
    x.dispose();
  });
});
