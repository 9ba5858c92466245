// A workload's result by the definitions, in double precision: plain loops, the same for ours and for every peer.

import type { Shape } from "../src/index.ts";
import { gradientsOf } from "./gradients.ts";
import { type Activation, constantsOf, inputValues, type Step, type Workload, shapesOf } from "./workloads.ts";

/** The workload's result in [N, C, H, W] order. */
export function reference(workload: Workload): Float64Array {
  if (workload.training) return gradientsOf(workload);
  const shapes = shapesOf(workload);
  const values: Float64Array[] = inputValues(workload).map((x) => Float64Array.from(x));
  workload.steps.forEach((step, i) => values.push(apply(step, values, shapes, shapes[workload.inputs.length + i]!)));
  return values.at(-1)!;
}

/** One step on the values before it; `shape` is the result's. */
export function apply(step: Step, values: Float64Array[], shapes: Shape[], shape: Shape): Float64Array {
  const x = values[step.x]!, [n, c, h, width] = shapes[step.x]! as [number, number, number, number];
  const out = new Float64Array(shape.reduce((a, b) => a * b));
  const { w: floats, bias } = constantsOf(step);
  const w = Float64Array.from(floats);
  switch (step.op) {
    case "conv2d": {
      const { stride = 1, padding = 0, dilation = 1, groups = 1 } = step;
      const [outputs, inner, kh, kw] = step.w as [number, number, number, number];
      const [oh, ow] = shape.slice(2) as [number, number];
      for (let b = 0; b < n; b++) for (let o = 0; o < outputs; o++) {
        const first = Math.floor(o / (outputs / groups)) * inner;
        const y = out.subarray((b * outputs + o) * oh * ow, (b * outputs + o + 1) * oh * ow).fill(bias?.[o] ?? 0);
        for (let i = 0; i < inner; i++) for (let ky = 0; ky < kh; ky++) for (let kx = 0; kx < kw; kx++) {
          const factor = w[((o * inner + i) * kh + ky) * kw + kx]!;
          for (let row = 0; row < oh; row++) {
            const iy = row * stride + ky * dilation - padding;
            if (iy < 0 || iy >= h) continue;
            const line = ((b * c + first + i) * h + iy) * width;
            for (let column = 0; column < ow; column++) {
              const ix = column * stride + kx * dilation - padding;
              if (ix >= 0 && ix < width) y[row * ow + column]! += factor * x[line + ix]!;
            }
          }
        }
      }
      return activate(out, step.activation);
    }
    case "inputAdjoint": {
      // dx[b, i, y + ky - p, x + kx - p] += w[o, i, ky, kx] dy[b, o, y, x]
      const [outputs, inner, kh, kw] = step.w as [number, number, number, number];
      const [, , dh, dw] = shape as [number, number, number, number];
      for (let b = 0; b < n; b++) for (let o = 0; o < outputs; o++) for (let i = 0; i < inner; i++) {
        const dx = out.subarray((b * inner + i) * dh * dw, (b * inner + i + 1) * dh * dw);
        const dy = x.subarray((b * outputs + o) * h * width, (b * outputs + o + 1) * h * width);
        for (let ky = 0; ky < kh; ky++) for (let kx = 0; kx < kw; kx++) {
          const factor = w[((o * inner + i) * kh + ky) * kw + kx]!;
          for (let row = 0; row < h; row++) {
            const iy = row + ky - step.padding;
            if (iy < 0 || iy >= dh) continue;
            for (let column = 0; column < width; column++) {
              const ix = column + kx - step.padding;
              if (ix >= 0 && ix < dw) dx[iy * dw + ix]! += factor * dy[row * width + column]!;
            }
          }
        }
      }
      return out;
    }
    case "filterAdjoint": {
      // dw[o, i, ky, kx] = sum over b, y, x of dy[b, o, y, x] x[b, i, y + ky - p, x + kx - p]
      const dy = values[step.y]!, [, outputs, oh, ow] = shapes[step.y]! as [number, number, number, number];
      const { kernel } = step;
      let at = 0;
      for (let o = 0; o < outputs; o++) for (let i = 0; i < c; i++) for (let tap = 0; tap < kernel ** 2; tap++) {
        const ky = Math.floor(tap / kernel), kx = tap % kernel;
        let sum = 0;
        for (let b = 0; b < n; b++) for (let row = 0; row < oh; row++) {
          const iy = row + ky - step.padding;
          if (iy < 0 || iy >= h) continue;
          for (let column = 0; column < ow; column++) {
            const ix = column + kx - step.padding;
            if (ix < 0 || ix >= width) continue;
            sum += dy[((b * outputs + o) * oh + row) * ow + column]! * x[((b * c + i) * h + iy) * width + ix]!;
          }
        }
        out[at++] = sum;
      }
      return out;
    }
    case "maxPool2d":
    case "avgPool2d": {
      const { kernel, stride, padding = 0 } = step;
      const [oh, ow] = shape.slice(2) as [number, number];
      let at = 0;
      for (let plane = 0; plane < n * c; plane++) for (let row = 0; row < oh; row++) for (let column = 0; column < ow; column++) {
        let most = -Infinity, sum = 0;
        for (let ky = 0; ky < kernel; ky++) for (let kx = 0; kx < kernel; kx++) {
          const iy = row * stride + ky - padding, ix = column * stride + kx - padding;
          if (iy < 0 || iy >= h || ix < 0 || ix >= width) continue;
          const value = x[(plane * h + iy) * width + ix]!;
          most = Math.max(most, value);
          sum += value;
        }
        out[at++] = step.op === "maxPool2d" ? most : sum / kernel ** 2;
      }
      return out;
    }
    case "add":
      return activate(out.map((_, i) => x[i]! + values[step.y]![i]!), step.activation);
    case "linear": {
      const [outputs, inner] = step.w as [number, number];
      for (let b = 0; b < n; b++) for (let o = 0; o < outputs; o++) {
        let sum = bias?.[o] ?? 0;
        for (let i = 0; i < inner; i++) sum += w[o * inner + i]! * x[b * inner + i]!;
        out[b * outputs + o] = sum;
      }
      return activate(out, step.activation);
    }
  }
}

function activate(y: Float64Array, activation: Activation | undefined): Float64Array {
  if (activation) for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(y[i]!, 0), activation === "relu6" ? 6 : Infinity);
  return y;
}
