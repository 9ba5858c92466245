// The ABI: every kernel that the host may call. Pointers are byte addresses, sizes count elements, nothing is returned
// but the sizes of buffers that the caller must bring.

export {
  addBroadcast, divBroadcast, eq, eqInt, expand, le, leInt, lt, ltInt, maximumBroadcast, minimumBroadcast, mulBroadcast, ne, neInt,
  powBroadcast, subBroadcast, where,
} from "./arithmetic";
export { channelWindowSum } from "./channelWindow";
export {
  columnFloats, conv, convFilterAdjoint, convFloats, convInputAdjoint, flip, packAdjoint, packedAdjointFloats, packedFloats, packFilters,
} from "./conv";
export { depthwise, depthwiseFilterAdjoint, depthwiseInputAdjoint } from "./depthwise";
export { dropout } from "./dropout";
export { argmaxAxis, argminAxis, maxAxis, minAxis } from "./extremes";
export { abs, ceil, clamp, clampAdjoint, exp, floor, log, round, rsqrt, sign, sqrt } from "./functions";
export { gatherElements, gatherRows, scatterElements, scatterRows } from "./gather";
export { gelu, geluAdjoint } from "./gelu";
export { gemm, gemmInPlace, packB, packedBFloats } from "./gemm";
export { gemv } from "./gemv";
export { groupedFloats } from "./grouped";
export { col2im, im2col } from "./im2col";
export { geluTanh, geluTanhAdjoint, sigmoid, sigmoidAdjoint, silu, siluAdjoint, softplus, softplusAdjoint } from "./logistic";
export { inverseStd, moments, normalise, normaliseAdjointSums, normaliseInputAdjoint } from "./norm";
export { adam, euclideanNorm, rmsprop, sgd } from "./optim";
export { hardsigmoid, hardsigmoidAdjoint, hardswish, hardswishAdjoint, hardtanhAdjoint, leakyRelu, leakyReluAdjoint } from "./piecewise";
export { add, axpy, copy, fill, mul, relu, reluAdjoint, scale } from "./pointwise";
export { avgPool, avgPoolAdjoint, maxPool, maxPoolAdjoint, maxPoolSelect, maxUnpool } from "./pool";
export { repeatRow, sumAxis, sumRows } from "./reduce";
export { resample, resampleAdjoint } from "./resample";
export {
  logSoftmax, logSoftmaxAdjoint, logsumexp, pick, pickAdjoint, softmax, softmaxAdjoint, softmaxCrossEntropy, softmaxCrossEntropyAdjoint,
} from "./softmax";
export { stridedAdd, stridedCopy, stridedCopyBytes } from "./strided";
export { elu, eluAdjoint, tanh, tanhAdjoint } from "./tanh";
export { transpose } from "./transpose";
export { winograd, winogradFilterFloats, winogradFilters, winogradFloats } from "./winograd";
export { winogradFilterAdjoint, winogradFilterAdjointFloats } from "./winogradFilter";
