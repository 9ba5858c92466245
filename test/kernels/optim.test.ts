import { describe, expect, test } from "vitest";
import { kernels } from "../../src/runtime/kernels.ts";
import { random, withBuffers } from "./buffers.ts";

// Every operation of a step is rounded to float32 here as it is there, so the results must be equal bit by bit, in every build.
// One operation on float32 numbers in double precision, rounded again, is the operation in float32.

const f = Math.fround;
const sizes = [0, 1, 3, 4, 5, 7, 8, 9, 31];

/** Runs a kernel on p, g and buffers (of positive numbers, as squares are) and compares all it writes with one step per element. */
function check(
  buffers: number, run: (n: number, g: number, ptrs: number[], p: number) => void, step: (g: number, state: number[], p: number) => [number, number[]],
): void {
  for (const n of sizes) {
    withBuffers((make) => {
      const p = random(n, 1), g = random(n, 2), state = Array.from({ length: buffers }, (_, k) => random(n, 3 + k).map(Math.abs));
      const outputs = state.map((values) => make.output(n, values)), result = make.output(n, p);
      run(n, make.input(g), outputs.map(({ ptr }) => ptr), result.ptr);
      const expected = Array.from(p, (value, i) => step(g[i]!, state.map((values) => values[i]!), value));
      expect([...result.data()]).toEqual(expected.map(([value]) => value));
      outputs.forEach((output, k) => expect([...output.data()]).toEqual(expected.map(([, values]) => values[k]!)));
    });
  }
}

const lr = f(0.1), decay = f(0.03), momentum = f(0.9), share = f(0.7), eps = f(0.01);

test("sgd without a momentum", () => {
  check(0, (n, g, _, p) => kernels().sgd(n, lr, 0, 1, decay, false, g, 0, p), (g, _, p) => [f(p - f(lr * f(g + f(decay * p)))), []]);
});

test.each([false, true])("sgd with a momentum, nesterov %o", (nesterov) => {
  check(1, (n, g, [v], p) => kernels().sgd(n, lr, momentum, share, decay, nesterov, g, v!, p), (g, [v], p) => {
    const h = f(g + f(decay * p));
    const v1 = f(f(momentum * v!) + f(share * h));
    return [f(p - f(lr * (nesterov ? f(h + f(momentum * v1)) : v1))), [v1]];
  });
});

test.each([false, true])("adam, amsgrad %o", (amsgrad) => {
  const rest1 = f(0.2), beta2 = f(0.95), rest2 = f(0.05), scale = f(1.3), shrink = f(0.99);
  check(
    amsgrad ? 3 : 2,
    (n, g, [m, v, top = 0], p) => kernels().adam(n, lr, rest1, beta2, rest2, scale, eps, decay, shrink, g, m!, v!, top, p),
    (g, [m, v, top], p) => {
      const h = f(g + f(decay * p));
      const m1 = f(m! + f(rest1 * f(h - m!))), v1 = f(f(beta2 * v!) + f(rest2 * f(h * h)));
      const most = amsgrad ? Math.max(v1, top!) : v1;
      return [f(f(shrink * p) - f(f(lr * m1) / f(f(f(Math.sqrt(most)) * scale) + eps))), [m1, v1, most]];
    },
  );
});

describe.each([false, true])("rmsprop, centered %o", (centered) => {
  test.each([false, true])("momentum %o", (withMomentum) => {
    const alpha = f(0.9), rest = f(0.1);
    check(
      1 + Number(centered) + Number(withMomentum),
      (n, g, [v, ...more], p) => {
        const mean = centered ? more.shift()! : 0, b = withMomentum ? more.shift()! : 0;
        kernels().rmsprop(n, lr, alpha, rest, eps, momentum, decay, g, v!, mean, b, p);
      },
      (g, [v, ...more], p) => {
        const h = f(g + f(decay * p));
        const v1 = f(f(alpha * v!) + f(rest * f(h * h)));
        const written = [v1];
        let variance = v1;
        if (centered) {
          const mean = f(f(alpha * more.shift()!) + f(rest * h));
          written.push(mean);
          // Random numbers make it negative often enough.
          variance = Math.max(f(v1 - f(mean * mean)), 0);
        }
        let step = f(h / f(f(Math.sqrt(variance)) + eps));
        if (withMomentum) written.push((step = f(f(momentum * more.shift()!) + step)));
        return [f(p - f(lr * step)), written];
      },
    );
  });
});

test("euclideanNorm sums in double precision: no square overflows, none vanishes", () => {
  const lists = [...sizes.map((n) => random(n, 1)), [3e38, 3e38, 1, 2, 3], [1e-40, 1e-40, 0, 0, 1e-40], [1, NaN, 2, 3, 4], [1, 2, 3, 4, -Infinity]];
  for (const x of lists) {
    withBuffers((make) => {
      const y = make.output(1);
      kernels().euclideanNorm(x.length, make.input(x), y.ptr);
      const expected = f(Math.sqrt(Array.from(x).reduce((sum, value) => sum + f(value) ** 2, 0)));
      const [got] = y.data();
      // The four partial sums may round the last bit of a double differently, which a float shows once in 2^29.
      expect(got).toBe(expected);
    });
  }
});
