// Normalisations.

import { type Call, GraphError } from "../../graph/operator.ts";
import { Value } from "../../graph/value.ts";
import { add } from "../../ops/add.ts";
import { batchNorm } from "../../ops/batchNorm.ts";
import { eq } from "../../ops/comparisons.ts";
import { div } from "../../ops/div.ts";
import { expand } from "../../ops/expand.ts";
import { flip } from "../../ops/flip.ts";
import { abs, rsqrt, sqrt } from "../../ops/functions.ts";
import { groupNorm } from "../../ops/groupNorm.ts";
import { layerNorm } from "../../ops/layerNorm.ts";
import { localResponseNorm } from "../../ops/localResponseNorm.ts";
import { mul } from "../../ops/mul.ts";
import { reshape } from "../../ops/reshape.ts";
import { sub } from "../../ops/sub.ts";
import { mean, sum } from "../../ops/sum.ts";
import { where } from "../../ops/where.ts";
import { format, sameShape, type Shape, ShapeError } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { axesOf, axisOf, type Family, float, floats, int, ints } from "./arguments.ts";

const keepdim = { keepdim: true };

/** A vector over channels, broadcast against a map. */
function overChannels(vector: Tensor, rank: number): Tensor {
  return reshape(vector, [vector.size, ...new Array<number>(Math.max(0, rank - 2)).fill(1)]);
}

function batchNormalization(call: Call): Value | Value[] {
  const x = floats(call, 0);
  const [weight, bias, runningMean, runningVar] = [1, 2, 3, 4].map((i) => floats(call, i).tensor()) as [Tensor, Tensor, Tensor, Tensor];
  const eps = float(call, "epsilon", 1e-5);
  if (call.opset < 9 && int(call, "spatial", 1) === 0) throw new GraphError(`attribute "spatial" 0 is not supported`, call.node);
  if (call.opset < 14 || int(call, "training_mode", 0) === 0) {
    return Value.of(batchNorm(x.tensor(), runningMean, runningVar, { weight, bias, eps }), x.dtype);
  }
  const momentum = float(call, "momentum", 0.9);
  const dims = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const center = mean(x.tensor(), dims), d = sub(x.tensor(), overChannels(center, x.shape.length));
  const variance = mean(mul(d, d), dims);
  const y = batchNorm(x.tensor(), center, variance, { weight, bias, eps });
  const blend = (running: Tensor, batch: Tensor): Value => Value.of(add(mul(running, momentum), mul(batch, 1 - momentum)), x.dtype);
  return [Value.of(y, x.dtype), blend(runningMean, center), blend(runningVar, variance)];
}

function instanceNormalization(call: Call): Value {
  const x = floats(call, 0), channels = x.shape[1] ?? 0;
  const options = { weight: floats(call, 1).tensor(), bias: floats(call, 2).tensor(), eps: float(call, "epsilon", 1e-5) };
  // Groups of one channel each; unlike an instance they may have one element.
  return Value.of(groups(x.tensor(), channels, options), x.dtype);
}

interface Affine {
  weight: Tensor;
  bias: Tensor;
  eps: number;
}

function groups(x: Tensor, count: number, options: Affine): Tensor {
  // What has one element is its own mean.
  if (x.size === 1) return add(mul(x, 0), reshape(options.bias, x.shape));
  return groupNorm(x, count, options);
}

function groupNormalization(call: Call): Value {
  const x = floats(call, 0), count = int(call, "num_groups", 0), channels = x.shape[1] ?? 0;
  if (count < 1 || channels % count !== 0) {
    throw new ShapeError(`${channels} channels are not divisible by ${count} groups (x ${format(x.shape)})`);
  }
  // Before version 21 weights belong to groups.
  const perChannel = (i: number): Tensor => {
    const vector = floats(call, i).tensor();
    if (vector.size !== count || count === channels) return vector;
    return reshape(expand(reshape(vector, [count, 1]), [count, channels / count]), [channels]);
  };
  const options = { weight: perChannel(1), bias: perChannel(2), eps: float(call, "epsilon", 1e-5) };
  return Value.of(groups(x.tensor(), count, options), x.dtype);
}

function layerNormalization(call: Call): Value | Value[] {
  const x = floats(call, 0), weight = floats(call, 1).tensor(), bias = call.inputs[2]?.tensor();
  const eps = float(call, "epsilon", 1e-5), axis = axisOf(call, -1, x.shape);
  const shape = x.shape.slice(axis), dims = shape.map((_, i) => axis + i);
  const fits = sameShape(weight.shape, shape) && (!bias || sameShape(bias.shape, shape));
  let y = layerNorm(x.tensor(), shape, { eps, ...(fits ? { weight, bias } : {}) });
  // Weights may be broadcast.
  if (!fits) {
    y = mul(y, weight);
    if (bias) y = add(y, bias);
  }
  if (!call.node.outputs[1] && !call.node.outputs[2]) return Value.of(y, x.dtype);
  const center = mean(x.tensor(), dims, keepdim), d = sub(x.tensor(), center);
  return [Value.of(y, x.dtype), Value.of(center), Value.of(rsqrt(add(mean(mul(d, d), dims, keepdim), eps)))];
}

function rmsNormalization(call: Call): Value {
  const x = floats(call, 0), axis = axisOf(call, -1, x.shape);
  const dims = x.shape.map((_, i) => i).slice(axis);
  const scale = rsqrt(add(mean(mul(x.tensor(), x.tensor()), dims, keepdim), float(call, "epsilon", 1e-5)));
  return Value.of(mul(mul(x.tensor(), scale), floats(call, 1).tensor()), x.dtype);
}

function localResponse(call: Call): Value {
  const x = floats(call, 0), size = int(call, "size", 1);
  const options = { alpha: float(call, "alpha", 1e-4), beta: float(call, "beta", 0.75), k: float(call, "bias", 1) };
  if (size % 2 === 1) return Value.of(localResponseNorm(x.tensor(), size, options), x.dtype);
  // A window of an even size has one more channel behind than in front, PyTorch's the other way round.
  return Value.of(flip(localResponseNorm(flip(x.tensor(), 1), size, options), 1), x.dtype);
}

function lpNormalization(call: Call): Value {
  const x = floats(call, 0), p = int(call, "p", 2), axis = axisOf(call, -1, x.shape);
  if (p !== 1 && p !== 2) throw new GraphError(`attribute "p" must be 1 or 2, got ${p}`, call.node);
  const t = x.tensor();
  const norm = p === 1 ? sum(abs(t), axis, keepdim) : sqrt(sum(mul(t, t), axis, keepdim));
  // What is 0 stays 0.
  return Value.of(div(t, where(eq(norm, 0), 1, norm)), x.dtype);
}

function meanVarianceNormalization(call: Call): Value {
  const x = floats(call, 0), t = x.tensor();
  const dims = axesOf(call, ints(call, "axes") ?? [0, 2, 3], x.shape.length) as Shape;
  const d = sub(t, mean(t, dims, keepdim));
  return Value.of(div(d, add(sqrt(mean(mul(d, d), dims, keepdim)), 1e-9)), x.dtype);
}

export const normalisations: Family = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LRN: localResponse,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
};
