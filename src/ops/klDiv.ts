import { scope } from "../scope.ts";
import { checkBoolean, checkOptions } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { eq } from "./comparisons.ts";
import { div } from "./div.ts";
import { exp, log } from "./functions.ts";
import { checkPair, checkReduction, type Reduction, reduceLoss } from "./loss.ts";
import { mul } from "./mul.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";
import { where } from "./where.ts";

/** Options of `klDiv`. */
export interface KlDivOptions {
  /** The target holds logarithms of probabilities too, default false. */
  logTarget?: boolean;
  /** "batchmean" divides the sum by N, which is the divergence; "mean", the default as in PyTorch, by the number of elements. */
  reduction?: Reduction | "batchmean";
}

/**
 * Kullback-Leibler divergence of the target from x:
 *
 *   loss = target (log target - x),  0 where target is 0
 *
 * @param x logarithms of probabilities, [N, ...]
 * @param target probabilities, or with `logTarget` their logarithms; shaped like x. Both have gradients
 * @param options logTarget, and reduction: "mean" (the default), "batchmean", "sum" or "none"
 * @returns a scalar, shape []; with reduction "none" the losses, shaped like x
 * @throws ShapeError if the shapes differ or the mean is over no elements; TypeError if something is of the wrong kind
 * @example
 * const loss = klDiv(logSoftmax(logits, 1), softmax(teacher, 1), { reduction: "batchmean" });
 */
export function klDiv(x: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  checkOptions("klDiv", options);
  checkPair("klDiv", x, target, { reduction: "none" });
  const { logTarget = false, reduction = "mean" } = options;
  checkBoolean("klDiv", "logTarget", logTarget);
  checkReduction("klDiv", reduction, x.size, ["mean", "batchmean", "sum", "none"]);
  return scope(() => {
    const losses = logTarget ? mul(exp(target), sub(target, x)) : sub(entropy(target), mul(target, x));
    if (reduction === "batchmean") return div(sum(losses), x.shape[0] ?? 1);
    return reduceLoss(losses, reduction);
  });
}

/** p log p; the logarithm of a 1 stands in for that of a 0, so that gradients are finite there too. */
function entropy(p: Tensor): Tensor {
  return mul(p, log(where(eq(p, 0), 1, p)));
}
