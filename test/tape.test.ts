import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  add, conv2d, gradients, init, mean, memory, mul, ones, relu, scope, type Shape, ShapeError, sum, tensor, type Tensor, zeros,
} from "../src/index.ts";
import { record } from "../src/tape.ts";
import { dot, type NdArray, ndarray, plus, randomArray } from "./array.ts";
import { checkClose, toTensor } from "./check.ts";
import { conv2dSpec } from "./specs/conv2d.ts";

const alive = () => {
  const { tensors, bytes, blocks } = memory();
  return { tensors, bytes, blocks };
};

let before: ReturnType<typeof alive>;
beforeEach(() => {
  before = alive();
});
afterEach(() => expect(alive()).toEqual(before));

/** The value and the gradients as plain numbers, with nothing left behind. */
function slopes(fn: (...inputs: Tensor[]) => Tensor, ...inputs: number[][]): { value: number; grads: number[][] } {
  return scope(() => {
    const tensors = inputs.map((values) => tensor(values));
    const { value, grads } = gradients(() => fn(...tensors), tensors);
    return { value, grads: tensors.map((x) => [...grads.get(x)!.data()]) };
  });
}

describe("gradients", () => {
  test("of shared inputs are summed", () => {
    expect(slopes((x) => sum(add(x!, x!)), [1, 2])).toEqual({ value: 6, grads: [[2, 2]] });
    expect(slopes((x) => sum(mul(x!, x!)), [1, -2])).toEqual({ value: 5, grads: [[2, -4]] });
    // x + 3 x + x^2, in three places.
    expect(slopes((x) => sum(add(add(x!, mul(x!, 3)), mul(x!, x!))), [1, 2])).toEqual({ value: 17, grads: [[6, 8]] });
    expect(slopes((x) => sum(add(add(x!, x!), add(x!, x!))), [1])).toEqual({ value: 4, grads: [[4]] });
  });

  test("of diamonds: every path counts once", () => {
    // y = 2 x; (y + y^2) + y: dy/dx = 2 (1 + 2 y + 1)
    const diamond = (x: Tensor) => {
      const y = mul(x, 2);
      return sum(add(add(y, mul(y, y)), y));
    };
    expect(slopes((x) => diamond(x!), [3, -1])).toEqual({ value: 12 + 36 - 4 + 4, grads: [[28, -4]] });
    // A chain of diamonds doubles at each link.
    const chain = (x: Tensor) => {
      for (let i = 0; i < 10; i++) x = add(x, x);
      return sum(x);
    };
    expect(slopes((x) => chain(x!), [1])).toEqual({ value: 1024, grads: [[1024]] });
  });

  test("of a residual connection: the gradient that add hands on is not changed by what joins it", () => {
    // y = a + b; z = y + relu(y): dy reaches a and b as one tensor before they meet other terms.
    const f = (a: Tensor, b: Tensor) => {
      const y = add(a, b);
      return sum(add(add(y, relu(y)), mul(a, a)));
    };
    expect(slopes((a, b) => f(a!, b!), [1, -2], [3, 1])).toEqual({ value: 4 + 4 - 1 + 0 + 1 + 4, grads: [[4, -3], [2, 1]] });
  });

  test("of a parameter that is not used are zeros of its shape", () => {
    scope(() => {
      const x = ones([2]), unused = ones([2, 3, 4, 5]);
      const { grads } = gradients(() => sum(x), [x, unused]);
      expect(grads.get(unused)!.shape).toEqual([2, 3, 4, 5]);
      expect(grads.get(unused)!.data().every((value) => value === 0)).toBe(true);
      expect([...grads.keys()]).toEqual([x, unused]);
    });
  });

  test("take any iterable of parameters, each once", () => {
    scope(() => {
      const x = ones([2]);
      const { grads } = gradients(() => sum(mul(x, x)), new Set([x, x]));
      expect([...grads.get(x)!.data()]).toEqual([2, 2]);
      expect([...gradients(() => sum(mul(x, x)), [x, x]).grads.get(x)!.data()]).toEqual([2, 2]);
      expect(gradients(() => sum(x), []).grads.size).toBe(0);
    });
  });

  test("of the value itself, of a constant and of a parameter that is the value", () => {
    scope(() => {
      const x = tensor(5);
      expect(gradients(() => x, [x])).toMatchObject({ value: 5 });
      expect(gradients(() => x, [x]).grads.get(x)!.item()).toBe(1);
      expect(gradients(() => tensor([7]), [x]).grads.get(x)!.item()).toBe(0);
    });
  });

  test("with respect to a tensor computed before", () => {
    scope(() => {
      const x = tensor([1, 2]);
      const h = mul(x, x);
      const { value, grads } = gradients(() => sum(mul(h, h)), [h, x]);
      expect(value).toBe(17);
      expect([...grads.get(h)!.data()]).toEqual([2, 8]);
      // What was computed outside of fn is a constant.
      expect([...grads.get(x)!.data()]).toEqual([0, 0]);
    });
  });

  test("leave nothing behind but themselves, and keep the parameters", () => {
    const x = ones([1, 3, 8, 8]), w = ones([4, 3, 3, 3]);
    const held = memory().tensors;
    const { grads } = gradients(() => sum(relu(conv2d(x, w, { padding: 1 }))), [x, w]);
    expect(memory().tensors).toBe(held + 2);
    expect([...grads.values()].every((grad) => !grad.shared && !grad.disposed)).toBe(true);
    for (const one of [...grads.values(), x, w]) one.dispose();
  });

  test("each belong to one parameter, even where the same numbers flow to several", () => {
    const a = ones([2]), b = ones([2]);
    const { grads } = gradients(() => sum(add(a, b)), [a, b]);
    grads.get(a)!.view().fill(9);
    expect([...grads.get(b)!.data()]).toEqual([1, 1]);
    for (const one of [...grads.values(), a, b]) one.dispose();
  });

  test("leave the values of fn alone", () => {
    scope(() => {
      const x = tensor([1, -2, 3, 4]);
      const data = (y: Tensor) => [...y.data()];
      const { value } = gradients(() => mean(mul(x, x)), [x]);
      expect(value).toBe(7.5);
      expect(data(x)).toEqual([1, -2, 3, 4]);
    });
  });
});

describe("what is recorded", () => {
  /** x, with adjoints that count their calls. */
  const counted = (calls: Record<string, number>, ...named: [string, Tensor][]) => {
    const edge = ([name, x]: [string, Tensor]) =>
      [x, (dy: Tensor) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return mul(dy, 1);
      }] as const;
    return record(mul(named[0]![1], 1), ...named.map(edge));
  };

  test("is what depends on a parameter; adjoints for the rest are never called", () => {
    scope(() => {
      const data = ones([2]), w = ones([2]);
      const calls: Record<string, number> = {};
      gradients(() => {
        const h = counted(calls, ["data before", data]);
        const y = counted(calls, ["data", h], ["w", w]);
        counted(calls, ["dead end", y]);
        return sum(counted(calls, ["y", y]));
      }, [w]);
      expect(calls).toEqual({ w: 1, y: 1 });
    });
  });

  test("a tensor used twice is pulled back once, with the sum", () => {
    scope(() => {
      const x = ones([2]);
      const calls: Record<string, number> = {};
      const { grads } = gradients(() => {
        const y = counted(calls, ["x", x]);
        return sum(add(add(y, y), y));
      }, [x]);
      expect(calls).toEqual({ x: 1 });
      expect([...grads.get(x)!.data()]).toEqual([3, 3]);
    });
  });

  test("conv2d computes no gradient for the data: there is no room for one here", async () => {
    const x = ones([1, 4, 512, 512]), w = ones([1, 4, 8, 8]);
    const loss = () => sum(conv2d(x, w, { stride: 8 }));
    const { capacity } = memory();
    await init({ memoryLimit: capacity + 2 ** 20 });
    const { grads } = gradients(loss, [w]);
    expect(grads.get(w)!.data()[0]).toBe(4096);
    const held = alive();
    expect(() => gradients(loss, [x, w])).toThrow(/out of memory: 4194304 bytes for a tensor \[1, 4, 512, 512\]/);
    // What failed on the way back leaves nothing either.
    expect(alive()).toEqual(held);
    await init({ memoryLimit: 2 ** 32 });
    for (const one of [...grads.values(), x, w]) one.dispose();
  });
});

describe("errors", () => {
  test.each<[string, (x: Tensor) => Tensor, new (...args: never[]) => Error, string]>([
    ["thrown by fn", (x) => { mul(x, x); throw new SyntaxError("inside"); }, SyntaxError, "inside"],
    ["of an operation", (x) => sum(add(mul(x, x), ones([3]))), ShapeError, "add: a has 2 along axis -1, b has 3 (a [2], b [3])"],
    ["no tensor", () => 5 as never, TypeError, "gradients: fn must return a tensor, got 5"],
    ["nothing", () => undefined as never, TypeError, "gradients: fn must return a tensor, got undefined"],
    ["a list", (x) => [sum(x)] as never, TypeError, "gradients: fn must return a tensor, got a value of type Array"],
    ["a promise", (x) => Promise.resolve(sum(x)) as never, TypeError, "gradients: fn must return a tensor, got a value of type Promise"],
    ["two elements", (x) => mul(x, x), ShapeError, "gradients: fn must return 1 element, it returned 2 (shape [2])"],
    ["no elements", () => zeros([0, 3]), ShapeError, "gradients: fn must return 1 element, it returned 0 (shape [0, 3])"],
    ["in an adjoint", (x) => record(sum(x), [x, () => { throw new SyntaxError("on the way back"); }]), SyntaxError, "on the way back"],
  ])("%s: the tape is closed and nothing leaks", (_, fn, error, message) => {
    const x = ones([2]);
    const held = alive();
    for (let i = 0; i < 3; i++) {
      expect(() => gradients(() => fn(x), [x])).toThrow(error);
      expect(() => gradients(() => fn(x), [x])).toThrow(message);
      expect(alive()).toEqual(held);
    }
    // Scopes free again, and the next tape starts anew.
    scope(() => mul(x, x).size);
    expect(alive()).toEqual(held);
    expect(slopes((y) => sum(mul(y!, y!)), [3])).toEqual({ value: 9, grads: [[6]] });
    x.dispose();
  });

  test.each<[string, unknown, string]>([
    ["a tensor alone", ones([2]), "gradients: parameters must be a list of tensors, got a value of type Tensor"],
    ["nothing", undefined, "gradients: parameters must be a list of tensors, got undefined"],
    ["numbers", [1], "gradients: parameters[0] must be a tensor, got 1"],
  ])("parameters: %s", (_, parameters, message) => {
    const fn = (): Tensor => { throw new Error("must not run"); };
    expect(() => gradients(fn, parameters as never)).toThrow(TypeError);
    expect(() => gradients(fn, parameters as never)).toThrow(message);
  });

  test("inside nested gradients, caught: the outer tape goes on", () => {
    const f = (x: Tensor) => {
      const y = mul(x, x);
      expect(() => gradients(() => { throw new Error("inside"); }, [y])).toThrow("inside");
      return sum(mul(y, x));
    };
    expect(slopes((x) => f(x!), [2])).toEqual({ value: 8, grads: [[12]] });
  });
});

describe("scopes inside", () => {
  test("free nothing that the way back needs", () => {
    expect(slopes((x) => scope(() => sum(mul(scope(() => mul(x!, x!)), x!))), [2])).toEqual({ value: 8, grads: [[12]] });
  });

  test("work again afterwards", () => {
    const x = ones([2]);
    gradients(() => sum(x), [x]).grads.get(x)!.dispose();
    const held = alive();
    scope(() => mul(x, x).size);
    expect(alive()).toEqual(held);
    x.dispose();
  });
});

describe("gradients of gradients", () => {
  test("x^3: 3 x^2, 6 x, 6", () => {
    scope(() => {
      const x = tensor([2, -1]);
      const cube = () => sum(mul(mul(x, x), x));
      const first = () => sum(gradients(cube, [x]).grads.get(x)!);
      const second = () => sum(gradients(first, [x]).grads.get(x)!);
      expect([...gradients(cube, [x]).grads.get(x)!.data()]).toEqual([12, 3]);
      expect([...gradients(first, [x]).grads.get(x)!.data()]).toEqual([12, -6]);
      expect([...gradients(second, [x]).grads.get(x)!.data()]).toEqual([6, 6]);
    });
  });

  test("with respect to another parameter, and with shared inputs", () => {
    scope(() => {
      // f = sum(x^2 y): d/dy sum(df/dx) = 2 x
      const x = tensor([2, 3]), y = tensor([5, 7]);
      const first = () => sum(gradients(() => sum(mul(mul(x, x), y)), [x]).grads.get(x)!);
      const { value, grads } = gradients(first, [x, y]);
      expect(value).toBe(2 * 2 * 5 + 2 * 3 * 7);
      expect([...grads.get(y)!.data()]).toEqual([4, 6]);
      expect([...grads.get(x)!.data()]).toEqual([10, 14]);
    });
  });

  test("of an unused parameter are zeros", () => {
    scope(() => {
      const x = tensor([2]), y = tensor([3]);
      const { grads } = gradients(() => sum(gradients(() => sum(x), [y]).grads.get(y)!), [x, y]);
      expect([grads.get(x)!.item(), grads.get(y)!.item()]).toEqual([0, 0]);
    });
  });

  // <d/du grad f, v>, for f(x, w, b) = <c, relu(conv2d(x, w) + b)^2>: piecewise of degree 4, of degree 2 in each argument, so
  // that mixed differences in double precision are exact to rounding, as long as no element crosses the kink.
  test.each([
    { options: { padding: 1 }, x: [2, 3, 5, 4], w: [4, 3, 3, 3] },
    { options: { stride: 2, padding: 1 }, x: [1, 4, 6, 5], w: [3, 4, 3, 2] },
    { options: { groups: 2, dilation: 2, padding: 3 }, x: [1, 4, 5, 5], w: [4, 2, 2, 3] },
  ])("Hessian times vector of a convolution, relu and square: %o", ({ options, x: xShape, w: wShape }) => {
    const inputs = [randomArray(xShape, 1), randomArray(wShape, 2), randomArray([wShape[0]!], 3)];
    const directions = inputs.map(({ shape }, i) => randomArray(shape, 10 + i));
    const yShape: Shape = conv2dSpec.reference(inputs, options).shape;
    const c = randomArray(yShape, 4);
    const f = (values: NdArray[]) => dot(c.data, conv2dSpec.reference(values, options).data.map((y) => Math.max(y, 0) ** 2));

    const products = scope(() => {
      const tensors = inputs.map(toTensor), vs = directions.map(toTensor), weights = toTensor(c);
      const value = () => {
        const y = relu(conv2d(tensors[0]!, tensors[1]!, { ...options, bias: tensors[2]! }));
        return sum(mul(weights, mul(y, y)));
      };
      const inner = () => {
        const { grads } = gradients(value, tensors);
        return tensors.map((x, i) => sum(mul(grads.get(x)!, vs[i]!))).reduce((a, b) => add(a, b));
      };
      const { grads } = gradients(inner, tensors);
      return tensors.map((x) => ndarray(x.shape, grads.get(x)!.data()));
    });

    const step = 1e-4;
    products.forEach((product, i) => {
      const along = (u: NdArray) => {
        const at = (s: number, t: number) => f(inputs.map((x, j) => plus(j === i ? plus(x, s, u) : x, t, directions[j]!)));
        return (at(step, step) - at(step, -step) - at(-step, step) + at(-step, -step)) / (4 * step * step);
      };
      const expected = product.data.map((_, k) => {
        const axis = ndarray(product.shape);
        axis.data[k] = 1;
        return along(axis);
      });
      checkClose(`argument ${i}`, product.data, expected, wShape.slice(1).reduce((a, b) => a * b) * yShape.reduce((a, b) => a * b));
    });
  });
});
