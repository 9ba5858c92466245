// The public contents page.

export { type Build, capabilities, type Capabilities, init, type InitOptions } from "./runtime/kernels.ts";
export { memory, type MemoryReport } from "./runtime/memory.ts";
export type { Bytes } from "./bytes.ts";
export { type Shape, ShapeError } from "./shape.ts";
export { type Arrays, type DType, full, type Layout, type Nested, ones, tensor, Tensor, zeros } from "./tensor.ts";
export { keep, scope } from "./scope.ts";
export { gradients, type Gradients } from "./tape.ts";
export type { ColumnOptions, ConvAlgorithm, ConvOptions, Padding, PoolOptions, Sizes, TransposedOptions } from "./window.ts";
export { defaultRandom, manualSeed, Random } from "./random.ts";
export { fromSafetensors, type NamedTensors, safetensorsMetadata, toSafetensors } from "./safetensors.ts";

// Operations, each with its adjoints.
export { adaptiveAvgPool1d } from "./ops/adaptiveAvgPool1d.ts";
export { adaptiveAvgPool2d } from "./ops/adaptiveAvgPool2d.ts";
export { adaptiveAvgPool3d } from "./ops/adaptiveAvgPool3d.ts";
export { adaptiveMaxPool1d, adaptiveMaxPool1dWithIndices } from "./ops/adaptiveMaxPool1d.ts";
export { adaptiveMaxPool2d, adaptiveMaxPool2dWithIndices } from "./ops/adaptiveMaxPool2d.ts";
export { adaptiveMaxPool3d, adaptiveMaxPool3dWithIndices } from "./ops/adaptiveMaxPool3d.ts";
export type { OutputSize } from "./ops/adaptivePooling.ts";
export { add } from "./ops/add.ts";
export { amax, amin } from "./ops/amax.ts";
export { argmax, argmin } from "./ops/argmax.ts";
export { avgPool1d } from "./ops/avgPool1d.ts";
export { avgPool2d } from "./ops/avgPool2d.ts";
export { avgPool3d } from "./ops/avgPool3d.ts";
export { batchNorm, type BatchNormOptions } from "./ops/batchNorm.ts";
export {
  binaryCrossEntropy, type BinaryCrossEntropyOptions, binaryCrossEntropyWithLogits, type BinaryCrossEntropyWithLogitsOptions,
} from "./ops/binaryCrossEntropy.ts";
export type { BorderOptions, PaddingMode } from "./ops/border.ts";
export { cat, stack } from "./ops/cat.ts";
export { clamp } from "./ops/clamp.ts";
export { type Comparable, eq, ge, gt, le, lt, ne } from "./ops/comparisons.ts";
export { conv1d, conv1dFilterAdjoint, conv1dInputAdjoint } from "./ops/conv1d.ts";
export { conv2d, conv2dFilterAdjoint, conv2dInputAdjoint } from "./ops/conv2d.ts";
export { conv3d, conv3dFilterAdjoint, conv3dInputAdjoint } from "./ops/conv3d.ts";
export { convMatrix } from "./ops/convMatrix.ts";
export type { ConvNdOptions, ConvTransposeNdOptions } from "./ops/convNd.ts";
export { convolve2d } from "./ops/convolve2d.ts";
export { convTranspose1d } from "./ops/convTranspose1d.ts";
export { convTranspose2d } from "./ops/convTranspose2d.ts";
export { convTranspose3d } from "./ops/convTranspose3d.ts";
export { crossEntropy, type CrossEntropyOptions } from "./ops/crossEntropy.ts";
export { div } from "./ops/div.ts";
export { dropout, type DropoutOptions } from "./ops/dropout.ts";
export { dropout1d } from "./ops/dropout1d.ts";
export { dropout2d } from "./ops/dropout2d.ts";
export { dropout3d } from "./ops/dropout3d.ts";
export type { Operand } from "./ops/elementwise.ts";
export { elu, type EluOptions } from "./ops/elu.ts";
export { embedding, type EmbeddingOptions } from "./ops/embedding.ts";
export { expand } from "./ops/expand.ts";
export { flip } from "./ops/flip.ts";
export { flipFilters } from "./ops/flipFilters.ts";
export { abs, ceil, exp, floor, log, neg, reciprocal, round, rsqrt, sign, sqrt, square } from "./ops/functions.ts";
export { gather } from "./ops/gather.ts";
export type { Indices } from "./ops/gathering.ts";
export { gelu, type GeluOptions } from "./ops/gelu.ts";
export { groupNorm } from "./ops/groupNorm.ts";
export { hardsigmoid, hardswish } from "./ops/hardswish.ts";
export { hardtanh, type HardtanhOptions, relu6 } from "./ops/hardtanh.ts";
export { col2im, im2col } from "./ops/im2col.ts";
export { indexSelect } from "./ops/indexSelect.ts";
export { instanceNorm, type InstanceNormOptions } from "./ops/instanceNorm.ts";
export { interpolate, type InterpolateOptions } from "./ops/interpolate.ts";
export { klDiv, type KlDivOptions } from "./ops/klDiv.ts";
export { huberLoss, type HuberLossOptions, l1Loss, smoothL1Loss, type SmoothL1LossOptions } from "./ops/l1Loss.ts";
export type { Labels } from "./ops/labels.ts";
export { layerNorm } from "./ops/layerNorm.ts";
export { leakyRelu, type LeakyReluOptions } from "./ops/leakyRelu.ts";
export { linear } from "./ops/linear.ts";
export { localResponseNorm, type LocalResponseNormOptions } from "./ops/localResponseNorm.ts";
export { logSoftmax } from "./ops/logSoftmax.ts";
export { logsumexp } from "./ops/logsumexp.ts";
export type { LossOptions, Reduction } from "./ops/loss.ts";
export { lpPool1d } from "./ops/lpPool1d.ts";
export { lpPool2d } from "./ops/lpPool2d.ts";
export { lpPool3d } from "./ops/lpPool3d.ts";
export type { LpPoolOptions } from "./ops/lpPooling.ts";
export { bmm, matmul } from "./ops/matmul.ts";
export { type ExtremeResult, max, min } from "./ops/max.ts";
export { maximum, minimum } from "./ops/maximum.ts";
export { maxPool1d, maxPool1dWithIndices } from "./ops/maxPool1d.ts";
export { maxPool2d, maxPool2dWithIndices } from "./ops/maxPool2d.ts";
export { maxPool3d, maxPool3dWithIndices } from "./ops/maxPool3d.ts";
export { maxUnpool2d, type MaxUnpoolOptions } from "./ops/maxUnpool2d.ts";
export { mish, softsign } from "./ops/mish.ts";
export { mseLoss } from "./ops/mseLoss.ts";
export { mul } from "./ops/mul.ts";
export { nllLoss, type NllLossOptions } from "./ops/nllLoss.ts";
export type { NormOptions } from "./ops/normalisation.ts";
export { oneHot } from "./ops/oneHot.ts";
export { pad, type PadMode, type PadOptions } from "./ops/pad.ts";
export { permute } from "./ops/permute.ts";
export { pixelShuffle, pixelUnshuffle } from "./ops/pixelShuffle.ts";
export type { AvgPoolOptions, MaxPoolOptions, MaxPoolResult } from "./ops/pooling.ts";
export { pow } from "./ops/pow.ts";
export { prelu } from "./ops/prelu.ts";
export type { Dims, ReductionOptions } from "./ops/reduction.ts";
export { relu } from "./ops/relu.ts";
export { flatten, reshape } from "./ops/reshape.ts";
export { selu } from "./ops/selu.ts";
export { sigmoid } from "./ops/sigmoid.ts";
export { silu } from "./ops/silu.ts";
export { narrow, select, slice } from "./ops/slice.ts";
export { softmax } from "./ops/softmax.ts";
export { softmaxCrossEntropy } from "./ops/softmaxCrossEntropy.ts";
export { softplus, type SoftplusOptions } from "./ops/softplus.ts";
export { chunk, split } from "./ops/split.ts";
export { squeeze, unsqueeze } from "./ops/squeeze.ts";
export { sub } from "./ops/sub.ts";
export { mean, sum } from "./ops/sum.ts";
export { tanh } from "./ops/tanh.ts";
export { transpose } from "./ops/transpose.ts";
export { std, variance, type VarianceOptions } from "./ops/variance.ts";
export { where } from "./ops/where.ts";

// Layers.
export {
  ELU, GELU, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, LogSoftmax, Mish, ReLU, ReLU6, SELU, Sigmoid, SiLU, Softmax, Softplus, Softsign,
  Tanh,
} from "./layers/activations.ts";
export { AdaptiveAvgPool1d } from "./layers/adaptiveAvgPool1d.ts";
export { AdaptiveAvgPool2d } from "./layers/adaptiveAvgPool2d.ts";
export { AdaptiveAvgPool3d } from "./layers/adaptiveAvgPool3d.ts";
export { AdaptiveMaxPool1d } from "./layers/adaptiveMaxPool1d.ts";
export { AdaptiveMaxPool2d } from "./layers/adaptiveMaxPool2d.ts";
export { AdaptiveMaxPool3d } from "./layers/adaptiveMaxPool3d.ts";
export { AvgPool1d } from "./layers/avgPool1d.ts";
export { AvgPool2d } from "./layers/avgPool2d.ts";
export { AvgPool3d } from "./layers/avgPool3d.ts";
export { BatchNorm1d } from "./layers/batchNorm1d.ts";
export { BatchNorm2d } from "./layers/batchNorm2d.ts";
export { BatchNorm3d } from "./layers/batchNorm3d.ts";
export { Buffer, type BufferOptions } from "./layers/buffer.ts";
export { Conv1d } from "./layers/conv1d.ts";
export { Conv2d } from "./layers/conv2d.ts";
export { Conv3d } from "./layers/conv3d.ts";
export type { ConvLayerOptions, ConvTransposeLayerOptions } from "./layers/convNd.ts";
export { ConvTranspose1d } from "./layers/convTranspose1d.ts";
export { ConvTranspose2d } from "./layers/convTranspose2d.ts";
export { ConvTranspose3d } from "./layers/convTranspose3d.ts";
export { Dropout } from "./layers/dropout.ts";
export { Dropout1d } from "./layers/dropout1d.ts";
export { Dropout2d } from "./layers/dropout2d.ts";
export { Dropout3d } from "./layers/dropout3d.ts";
export { Embedding } from "./layers/embedding.ts";
export { Flatten } from "./layers/flatten.ts";
export { GroupNorm } from "./layers/groupNorm.ts";
export { Identity } from "./layers/identity.ts";
export { InstanceNorm1d } from "./layers/instanceNorm1d.ts";
export { InstanceNorm2d } from "./layers/instanceNorm2d.ts";
export { InstanceNorm3d } from "./layers/instanceNorm3d.ts";
export { LayerNorm } from "./layers/layerNorm.ts";
export { Linear } from "./layers/linear.ts";
export { LocalResponseNorm } from "./layers/localResponseNorm.ts";
export { LPPool1d } from "./layers/lpPool1d.ts";
export { LPPool2d } from "./layers/lpPool2d.ts";
export { LPPool3d } from "./layers/lpPool3d.ts";
export { MaxPool1d } from "./layers/maxPool1d.ts";
export { MaxPool2d } from "./layers/maxPool2d.ts";
export { MaxPool3d } from "./layers/maxPool3d.ts";
export { MaxUnpool2d } from "./layers/maxUnpool2d.ts";
export { type LoadResult, Module, Sequential } from "./layers/module.ts";
export {
  CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d, ConstantPad3d, type PadSizes, ReflectionPad1d,
  ReflectionPad2d, ReflectionPad3d, ReplicationPad1d, ReplicationPad2d, ReplicationPad3d, ZeroPad1d, ZeroPad2d, ZeroPad3d,
} from "./layers/padding.ts";
export { Parameter } from "./layers/parameter.ts";
export { PixelShuffle } from "./layers/pixelShuffle.ts";
export { PixelUnshuffle } from "./layers/pixelUnshuffle.ts";
export { PReLU, type PReLUOptions } from "./layers/prelu.ts";
export type { Summary, SummaryRow } from "./layers/summary.ts";
export type { TrackedNormOptions } from "./layers/trackedNorm.ts";
export { Upsample } from "./layers/upsample.ts";

// Optimisers.
export { Adam, type AdamOptions } from "./optim/adam.ts";
export { AdamW, type AdamWOptions } from "./optim/adamW.ts";
export { clipGradNorm, clipGradValue } from "./optim/clip.ts";
export { Optimizer } from "./optim/optimizer.ts";
export { RMSprop, type RMSpropOptions } from "./optim/rmsprop.ts";
export {
  CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, type LinearLROptions, LRScheduler, MultiStepLR, OneCycleLR, type OneCycleOptions,
  SequentialLR, StepLR,
} from "./optim/schedulers.ts";
export { SGD, type SGDOptions } from "./optim/sgd.ts";
