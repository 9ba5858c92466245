// What `fuseEpilogue` makes: products whose bias, residual and activation are computed in the pass that makes the sums.
// Inputs: x, w, bias, residual; attributes: those of ONNX's operator, and "activation" with "lower" and "upper", or "slope".

import type { Call, Operator } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import type { Activation } from "../../epilogue.ts";
import { add } from "../../ops/add.ts";
import { clamp } from "../../ops/clamp.ts";
import { convFused } from "../../ops/convolution.ts";
import { hardsigmoid, hardswish } from "../../ops/hardswish.ts";
import { leakyRelu } from "../../ops/leakyRelu.ts";
import { productFused } from "../../ops/matmul.ts";
import { reshape } from "../../ops/reshape.ts";
import { sigmoid } from "../../ops/sigmoid.ts";
import { silu } from "../../ops/silu.ts";
import { sameShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { convWindow } from "../../window.ts";
import { type Family, float, floats, int } from "./arguments.ts";
import { spatial } from "./windows.ts";

/** The fused operators, for those that compute the same products alone. */
export function fusedOperators(alone: ReadonlyMap<string, Operator>): Family {
  return {
    Conv: (call) => fusedConv(call) ?? composed(call, alone.get("Conv")!, 3),
    Gemm: (call) => fusedGemm(call) ?? composed(call, alone.get("Gemm")!, 3),
    MatMul: (call) => fusedMatMul(call) ?? composed(call, alone.get("MatMul")!, 2),
  };
}

function fusedConv(call: Call): Value | undefined {
  const x = floats(call, 0), w = floats(call, 1);
  const { stride, dilation, padding } = spatial(call, x.shape, w.shape.slice(2));
  const win = convWindow("conv", x.shape.length - 2, x.shape, w.shape, { stride, dilation, padding, groups: int(call, "group", 1) });
  if (!biasFits(call, win.o) || !residualFits(call, win.outputShape)) return undefined;
  return Value.of(convFused(x.tensor(), w.tensor(), win, epilogueOf(call)), x.dtype);
}

function fusedGemm(call: Call): Value | undefined {
  const a = floats(call, 0), b = floats(call, 1), c = call.inputs[2];
  if (a.shape.length !== 2 || b.shape.length !== 2 || float(call, "alpha", 1) !== 1 || float(call, "beta", 1) !== 1) return undefined;
  const transA = int(call, "transA", 0) !== 0, transB = int(call, "transB", 0) !== 0;
  const m = a.shape[transA ? 1 : 0]!, n = b.shape[transB ? 0 : 1]!;
  const isRow = !c || (c.shape.at(-1) === n && sizeOf(c.shape) === n);
  if (a.shape[transA ? 0 : 1] !== b.shape[transB ? 1 : 0] || !isRow || !residualFits(call, [m, n])) return undefined;
  return Value.of(productFused(a.tensor(), b.tensor(), transA, transB, epilogueOf(call)), a.dtype);
}

// One matrix b for all rows of a.
function fusedMatMul(call: Call): Value | undefined {
  const a = floats(call, 0), b = floats(call, 1);
  const k = a.shape.at(-1);
  if (a.shape.length < 2 || b.shape.length !== 2 || k !== b.shape[0]) return undefined;
  const shape = [...a.shape.slice(0, -1), b.shape[1]!];
  if (!biasFits(call, b.shape[1]!) || !residualFits(call, shape)) return undefined;
  const { residual, ...epilogue } = epilogueOf(call);
  const rows = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1)!]);
  if (sizeOf(shape) === 0) return undefined;
  const y = productFused(rows(a.tensor()), b.tensor(), false, false, { ...epilogue, residual: residual && rows(residual) });
  return Value.of(reshape(y, shape), a.dtype);
}

// What does not is broadcast, or refused, by the operators alone.
function biasFits({ inputs }: Call, length: number): boolean {
  const bias = inputs[2];
  return !bias || sameShape(bias.shape, [length]);
}

function residualFits({ inputs }: Call, shape: readonly number[]): boolean {
  const residual = inputs[3];
  return !residual || sameShape(residual.shape, shape);
}

function epilogueOf(call: Call): { bias: Tensor | undefined; residual: Tensor | undefined; activation: Activation | undefined } {
  const bias = call.inputs[2]?.tensor();
  return { bias: bias && reshape(bias, [bias.size]), residual: call.inputs[3]?.tensor(), activation: activationOf(call) };
}

function activationOf(call: Call): Activation | undefined {
  const kind = call.node.attributes.get("activation") as Activation["kind"] | undefined;
  switch (kind) {
    case undefined: return undefined;
    case "clamp": return { kind, lower: float(call, "lower", -Infinity), upper: float(call, "upper", Infinity) };
    case "leakyRelu": return { kind, slope: float(call, "slope", 0.01) };
    default: return { kind };
  }
}

// The same in several passes: where the residual is broadcast, or the product is none of two matrices.
function composed(call: Call, operator: Operator, own: number): Value {
  const product = operator({ ...call, inputs: call.inputs.slice(0, own) }) as Value;
  let y = product.tensor();
  for (const term of call.inputs.slice(own)) if (term) y = add(y, term.tensor());
  return Value.of(activate(y, activationOf(call)), product.dtype);
}

function activate(x: Tensor, activation: Activation | undefined): Tensor {
  switch (activation?.kind) {
    case undefined: return x;
    case "clamp": return clamp(x, activation.lower, activation.upper);
    case "leakyRelu": return leakyRelu(x, { negativeSlope: activation.slope });
    case "sigmoid": return sigmoid(x);
    case "silu": return silu(x);
    case "hardsigmoid": return hardsigmoid(x);
    case "hardswish": return hardswish(x);
  }
}
