import { beforeEach, afterEach, describe, expect, test } from "vitest";
import { add, conv2d, keep, memory, ones, relu, scope, sum, tensor, type Tensor, zeros } from "../src/index.ts";
import { toLayout } from "../src/tensor.ts";

const alive = () => {
  const { tensors, bytes, blocks } = memory();
  return { tensors, bytes, blocks };
};

let before: ReturnType<typeof alive>;
beforeEach(() => {
  before = alive();
});
afterEach(() => expect(alive()).toEqual(before));

const made = () => memory().tensors - before.tensors;

describe("scope", () => {
  test("frees what was made in it and returns its result", () => {
    const value = scope(() => sum(add(ones([3]), ones([3]))).item());
    expect(value).toBe(6);
    expect(made()).toBe(0);
  });

  test.each<[string, (a: Tensor, b: Tensor) => unknown]>([
    ["an array", (a, b) => [a, b]],
    ["an object", (a, b) => ({ a, rest: { b } })],
    ["a map", (a, b) => new Map([["a", a], ["b", b]])],
    ["a set", (a, b) => new Set([a, b])],
    ["arrays in maps in objects", (a, b) => ({ all: new Map([["list", [a, [b]]]]) })],
    ["an object that refers to itself", (a, b) => {
      const self: Record<string, unknown> = { a, b };
      self["self"] = self;
      return self;
    }],
    ["the same one twice", (a, b) => [a, b, a]],
  ])("spares what is returned in %s", (_, wrap) => {
    let a: Tensor | undefined, b: Tensor | undefined, c: Tensor | undefined;
    scope(() => {
      a = ones([2]);
      b = ones([3]);
      c = ones([4]);
      return wrap(a, b);
    });
    expect([a!.disposed, b!.disposed, c!.disposed]).toEqual([false, false, true]);
    a!.dispose();
    b!.dispose();
  });

  test("does not look into class instances: what they hold is freed", () => {
    class Holder {
      readonly x: Tensor;
      constructor(x: Tensor) {
        this.x = x;
      }
    }
    expect(scope(() => new Holder(ones([2]))).x.disposed).toBe(true);
  });

  test("nests: what one returns belongs to the next one out", () => {
    let inner: Tensor | undefined;
    const outer = scope(() => {
      const [x, y] = scope(() => {
        const unused = ones([5]);
        inner = unused;
        return [ones([2]), ones([3])] as const;
      });
      expect(inner!.disposed).toBe(true);
      expect(made()).toBe(2);
      inner = x;
      return y;
    });
    expect(inner!.disposed).toBe(true);
    expect(outer.disposed).toBe(false);
    outer.dispose();
  });

  test("leaves what was made outside alone, returned or not", () => {
    const x = ones([2]);
    expect(scope(() => x)).toBe(x);
    scope(() => add(x, x) && undefined);
    scope(() => scope(() => x));
    expect(x.data()).toEqual(Float32Array.of(1, 1));
    x.dispose();
  });

  test("an error inside frees everything, in every scope that it leaves", () => {
    const fail = () =>
      scope(() => {
        ones([2]);
        scope(() => {
          ones([3]);
          throw new Error("inside");
        });
      });
    expect(fail).toThrow("inside");
    expect(made()).toBe(0);
    // The scope is closed: what is made next belongs to nobody.
    const x = ones([2]);
    scope(() => undefined);
    expect(x.disposed).toBe(false);
    x.dispose();
  });

  test("an error inside, caught between scopes, frees the inner one alone", () => {
    scope(() => {
      const x = ones([2]);
      expect(() => scope(() => { ones([3]); throw new Error("inside"); })).toThrow("inside");
      expect(x.disposed).toBe(false);
      expect(made()).toBe(1);
    });
  });

  test("refuses promises, and frees what was made until then", async () => {
    let after: Promise<void> | undefined;
    const call = () => scope(() => (after = (async () => { ones([2]); await null; })()));
    expect(call).toThrow(TypeError);
    expect(call).toThrow("scope: fn must be synchronous, it returned a promise");
    await after;
    expect(() => scope(() => ({ then: () => undefined }))).toThrow(TypeError);
  });

  test("operations that pass through other layouts leave only their result", () => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const plain = toLayout(x, "rowMajor");
    const y = scope(() => relu(conv2d(plain, ones([1, 2, 1, 1]))));
    expect(made()).toBe(3);
    expect([...y.data()]).toEqual([6, 8, 10, 12]);
    for (const one of [x, plain, y]) one.dispose();
  });
});

describe("keep", () => {
  test("takes a tensor out of its scope", () => {
    const x = scope(() => ({ get: ((kept: Tensor) => () => kept)(keep(ones([2]))) })).get();
    expect(x.data()).toEqual(Float32Array.of(1, 1));
    x.dispose();
  });

  test("takes a tensor out of an outer scope too", () => {
    let x: Tensor | undefined;
    scope(() => {
      x = ones([2]);
      scope(() => keep(x!));
    });
    expect(x!.disposed).toBe(false);
    x!.dispose();
  });

  test("does nothing to a tensor without a scope, to a kept one and to a disposed one", () => {
    const x = keep(keep(ones([2])));
    scope(() => keep(x));
    expect(x.disposed).toBe(false);
    x.dispose();
    expect(keep(x)).toBe(x);
    scope(() => {
      const y = ones([2]);
      y.dispose();
      keep(y);
    });
  });
});

describe("dispose", () => {
  test("gives the memory back, once", () => {
    const x = ones([100]);
    expect(made()).toBe(1);
    x.dispose();
    expect(alive()).toEqual(before);
    x.dispose();
    x[Symbol.dispose]();
    expect(alive()).toEqual(before);
    expect(x.disposed).toBe(true);
  });

  test("inside a scope is not repeated by it", () => {
    scope(() => {
      const x = ones([100]);
      x.dispose();
      // Takes the same block: a second free would give it to the next one too.
      const y = ones([100]), z = zeros([100]);
      expect(y.ptr).not.toBe(z.ptr);
      expect(y.data().every((value) => value === 1)).toBe(true);
    });
  });

  test("in an inner scope, of a tensor of an outer one", () => {
    scope(() => {
      const x = ones([100]);
      scope(() => x.dispose());
      expect(made()).toBe(0);
    });
  });

  test("`using` disposes at the end of the block", () => {
    let outside: Tensor;
    {
      using x = ones([2]);
      outside = x;
      expect(x.disposed).toBe(false);
    }
    expect(outside.disposed).toBe(true);
  });

  test.each([[[2, 3]], [[1, 2, 3, 3]]])("use afterwards is an error that names the shape %o", (shape) => {
    const x = ones(shape);
    x.dispose();
    const text = `[${shape.join(", ")}]`;
    const uses: [() => unknown, string][] = [
      [() => x.data(), `tensor ${text} is used after it was disposed`],
      [() => x.view(), `tensor ${text} is used after it was disposed`],
      [() => x.ptr, `tensor ${text} is used after it was disposed`],
      [() => x.alias(), `tensor ${text} is used after it was disposed`],
      [() => relu(x), `relu: x ${text} is used after it was disposed`],
      [() => add(x, x), `add: a ${text} is used after it was disposed`],
    ];
    const { blocks } = memory();
    for (const [use, message] of uses) {
      expect(use).toThrow(message);
      expect(use).not.toThrow(RangeError);
      expect(memory().blocks).toBe(blocks);
    }
    expect(String(x)).toBe(`Tensor(float32 ${text}, disposed)`);
  });
});

describe("views", () => {
  test("share the memory and free it with the last of them, in any order", () => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2]]) {
      const x = tensor([1, 2, 3, 4, 5, 6]);
      const y = x.alias([2, 3]), z = y.alias([3, 2]);
      expect([y.ptr, z.ptr]).toEqual([x.ptr, x.ptr]);
      expect(memory()).toMatchObject({ tensors: before.tensors + 3, blocks: before.blocks + 1 });
      const all = [x, y, z];
      order.forEach((i, step) => {
        all[i]!.dispose();
        all[i]!.dispose();
        expect(memory().blocks).toBe(before.blocks + (step < 2 ? 1 : 0));
        for (const later of order.slice(step + 1)) expect([...all[later]!.data()]).toEqual([1, 2, 3, 4, 5, 6]);
      });
    }
  });

  test("one that leaves a scope keeps the memory of the one that does not", () => {
    const y = scope(() => ones([6]).alias([2, 3]));
    expect(y.shared).toBe(false);
    expect([...y.data()]).toEqual([1, 1, 1, 1, 1, 1]);
    y.dispose();
  });
});
