import { kernels } from "../runtime/kernels.ts";
import { floats, withScratch } from "../runtime/memory.ts";
import { isHeld } from "../scope.ts";
import { checkNumber, describe } from "../shape.ts";
import type { Gradients } from "../tape.ts";

/**
 * Scales all gradients by one factor, in place, so that their common Euclidean norm is at most `maxNorm`:
 * g *= min(1, maxNorm / (norm + 1e-6)), PyTorch's `clip_grad_norm_`. A norm that is NaN makes all gradients NaN, and an infinite
 * one makes them 0 where they are finite.
 *
 * @param grads from `gradients`
 * @returns the norm before
 * @throws TypeError if grads is no map; RangeError if maxNorm is negative or no number
 * @example
 * const { grads } = gradients(loss, model.parameters());
 * const norm = clipGradNorm(grads, 1);
 * optimizer.step(grads);
 */
export function clipGradNorm(grads: Gradients, maxNorm: number): number {
  checkGradients("clipGradNorm", grads);
  checkNumber("clipGradNorm", "maxNorm", maxNorm, 0);
  const norm = withScratch([1], (ptr) => {
    let squares = 0;
    for (const g of grads.values()) {
      kernels().euclideanNorm(g.size, g.ptr, ptr);
      squares += floats(ptr, 1)[0]! ** 2;
    }
    return Math.sqrt(squares);
  });
  const factor = maxNorm / (norm + 1e-6);
  if (factor >= 1) return norm;
  for (const g of grads.values()) kernels().scale(g.size, factor, g.ptr, g.ptr);
  return norm;
}

/**
 * Clips every element of every gradient to [-clipValue, clipValue], in place: PyTorch's `clip_grad_value_`. NaN stays NaN.
 *
 * @param grads from `gradients`
 * @throws TypeError if grads is no map; RangeError if clipValue is negative or no number
 * @example
 * clipGradValue(grads, 0.5);
 */
export function clipGradValue(grads: Gradients, clipValue: number): void {
  checkGradients("clipGradValue", grads);
  checkNumber("clipGradValue", "clipValue", clipValue, 0);
  for (const g of grads.values()) kernels().clamp(g.size, -clipValue, clipValue, g.ptr, g.ptr);
}

function checkGradients(op: string, grads: Gradients): void {
  if (!(grads instanceof Map)) throw new TypeError(`${op}: grads must be the map that gradients returns, got ${describe(grads)}`);
  // An outer tape needs them as they were.
  if (isHeld()) throw new Error(`${op}: gradients cannot be changed in place inside of gradients`);
}
