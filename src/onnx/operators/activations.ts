// Activations.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { argmax } from "../../ops/argmax.ts";
import { clamp } from "../../ops/clamp.ts";
import { gt, lt } from "../../ops/comparisons.ts";
import { elu, exponentialUnit } from "../../ops/elu.ts";
import { scatterElements } from "../../ops/gathering.ts";
import { gelu } from "../../ops/gelu.ts";
import { hardsigmoid, hardswish } from "../../ops/hardswish.ts";
import { leakyRelu } from "../../ops/leakyRelu.ts";
import { logSoftmax } from "../../ops/logSoftmax.ts";
import { mish, softsign } from "../../ops/mish.ts";
import { mul } from "../../ops/mul.ts";
import { relu } from "../../ops/relu.ts";
import { reshape } from "../../ops/reshape.ts";
import { sigmoid } from "../../ops/sigmoid.ts";
import { softmax } from "../../ops/softmax.ts";
import { softplus } from "../../ops/softplus.ts";
import { sub } from "../../ops/sub.ts";
import { tanh } from "../../ops/tanh.ts";
import { where } from "../../ops/where.ts";
import { full, type Tensor } from "../../tensor.ts";
import { sizeOf } from "../../shape.ts";
import { axisOf, type Family, float, floats, word } from "./arguments.ts";

function activation(f: (x: Tensor, call: Call) => Tensor): (call: Call) => Value {
  return (call) => {
    const x = floats(call, 0);
    return Value.of(f(x.tensor(), call), x.dtype);
  };
}

/** A function along an axis; before version 13 along all axes from one on, as if they were one. */
function along(f: (x: Tensor, axis: number) => Tensor): (call: Call) => Value {
  return activation((x, call) => {
    if (call.opset >= 13) return x.shape.length === 0 ? reshape(f(reshape(x, [1]), 0), []) : f(x, axisOf(call, -1, x.shape));
    const axis = axisOf(call, 1, x.shape, x.shape.length);
    const rows = reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
    return reshape(f(rows, 1), x.shape);
  });
}

/** 1 at the first largest element along an axis, 0 elsewhere. */
function hardmax(x: Tensor, axis: number): Tensor {
  const first = argmax(x, axis, { keepdim: true });
  return scatterElements(full(first.shape, 1), axis, first, x.shape, x.layout);
}

function celu(x: Tensor, call: Call): Tensor {
  const alpha = float(call, "alpha", 1);
  if (alpha === 0) throw new GraphError(`attribute "alpha" must not be 0`, call.node);
  return mul(elu(mul(x, 1 / alpha)), alpha);
}

function hardSigmoid(x: Tensor, call: Call): Tensor {
  const alpha = float(call, "alpha", 0.2), beta = float(call, "beta", 0.5);
  // As exporters of PyTorch's write it.
  if (Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5) return hardsigmoid(x);
  return clamp(add(mul(x, alpha), beta), 0, 1);
}

function prelu(call: Call): Value {
  const x = floats(call, 0).tensor(), slope = floats(call, 1).tensor();
  const channels = slope.shape.length === 1 && slope.size === x.shape[1] && slope.size !== x.shape.at(-1);
  // Some exporters leave the spatial axes out.
  const fitting = channels ? reshape(slope, [slope.size, ...x.shape.slice(2).map(() => 1)]) : slope;
  return Value.of(where(gt(x, 0), x, mul(x, fitting)), floats(call, 0).dtype);
}

function shrink(x: Tensor, call: Call): Tensor {
  const lambda = float(call, "lambd", 0.5), bias = float(call, "bias", 0);
  return where(lt(x, -lambda), add(x, bias), where(gt(x, lambda), sub(x, bias), 0));
}

export const activations: Family = {
  Celu: activation(celu),
  Elu: activation((x, call) => elu(x, { alpha: float(call, "alpha", 1) })),
  Gelu: activation((x, call) => gelu(x, { approximate: word(call, "approximate", ["none", "tanh"], "none") })),
  HardSigmoid: activation(hardSigmoid),
  HardSwish: activation(hardswish),
  Hardmax: along(hardmax),
  LeakyRelu: activation((x, call) => leakyRelu(x, { negativeSlope: float(call, "alpha", 0.01) })),
  LogSoftmax: along(logSoftmax),
  Mish: activation(mish),
  PRelu: prelu,
  Relu: activation(relu),
  Selu: activation((x, call) => {
    const alpha = float(call, "alpha", 1.67326319217681884765625), gamma = float(call, "gamma", 1.05070102214813232421875);
    return exponentialUnit("selu", x, alpha * gamma, gamma);
  }),
  Shrink: activation(shrink),
  Sigmoid: activation(sigmoid),
  Softmax: along(softmax),
  Softplus: activation((x) => softplus(x)),
  Softsign: activation(softsign),
  Swish: activation((x, call) => mul(x, sigmoid(mul(x, float(call, "alpha", 1))))),
  Tanh: activation(tanh),
  ThresholdedRelu: activation((x, call) => where(gt(x, float(call, "alpha", 1)), x, 0)),
};
