// What activations share: elementwise functions whose derivative is a kernel too.

import { checkTensor, empty, type Tensor } from "../tensor.ts";
import { type Edge, record, withLayout } from "../tape.ts";
import { mul } from "./mul.ts";

/** An elementwise function y = f(x) and its derivatives. */
export interface Activation {
  /** Kernel: y = f(x). */
  forward: (n: number, x: number, y: number) => void;
  /** Kernel: dx = f'(x) dy. */
  adjoint: (n: number, x: number, dy: number, dx: number) => void;
  /** f''(x), made of operations; left out where f is made of straight lines. */
  second?: (x: Tensor) => Tensor;
}

/** Checks and computes y = f(x). */
export function activate(op: string, x: Tensor, f: Activation): Tensor {
  checkTensor(op, "x", x);
  const y = empty(x.shape, x.layout);
  f.forward(y.size, x.ptr, y.ptr);
  return record(y, [x, (dy) => activateAdjoint(x, dy, f)]);
}

/** dx = f'(x) dy. Diagonal, so its own adjoint in dy. */
export function activateAdjoint(x: Tensor, dy: Tensor, f: Activation): Tensor {
  dy = withLayout(dy, x.layout);
  const dx = empty(x.shape, x.layout);
  f.adjoint(dx.size, x.ptr, dy.ptr, dx.ptr);
  const edges: Edge[] = [[dy, (ddx) => activateAdjoint(x, ddx, f)]];
  const { second } = f;
  if (second) edges.push([x, (ddx) => mul(mul(ddx, dy), second(x))]);
  return record(dx, ...edges);
}
