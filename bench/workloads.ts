// What is timed against other packages: layers and networks as lists of steps, the smallest vocabulary that all of them have.

import type { Shape } from "../src/index.ts";
import { randomArray } from "../test/array.ts";
import { lenet, mobileNetV2, resnet18 } from "./networks.ts";

/** Applied to what a step made. */
export type Activation = "relu" | "relu6";

interface Geometry {
  stride?: number;
  padding?: number;
  dilation?: number;
  groups?: number;
}

/**
 * One step. `x` and `y` count values: first the workload's inputs, then what each step made. Shapes and options are PyTorch's:
 * maps [N, C, H, W], filters [O, C/groups, KH, KW]. Filters, matrices and biases are constants, `seed` makes them.
 */
export type Step =
  | ({ op: "conv2d"; x: number; w: Shape; seed: number; bias?: boolean; activation?: Activation } & Geometry)
  | { op: "inputAdjoint"; x: number; w: Shape; seed: number; padding: number }
  | { op: "filterAdjoint"; x: number; y: number; kernel: number; padding: number }
  | { op: "maxPool2d" | "avgPool2d"; x: number; kernel: number; stride: number; padding?: number }
  | { op: "add"; x: number; y: number; activation?: Activation }
  | { op: "linear"; x: number; w: Shape; seed: number; bias?: boolean; activation?: Activation };

/** Steps on inputs that `inputValues` makes; the last step's value is the result. */
export interface Workload {
  name: string;
  inputs: Shape[];
  steps: Step[];
  /**
   * Runs are training steps: the steps end in logits for the classes of `labelsOf`, the mean of the softmax cross entropies is pulled
   * back to all constants, and `sgd` moves them. The result is the first run's gradients, one after the other.
   */
  training?: true;
}

/** The optimiser of training steps. */
export const sgd = { lr: 0.01, momentum: 0.9 };

const one = (name: string, inputs: Shape[], step: Step): Workload => ({ name, inputs, steps: [step] });

const conv = (name: string, x: Shape, w: Shape, geometry: Geometry = {}): Workload =>
  one(name, [x], { op: "conv2d", x: 0, w, seed: 1, ...geometry });

/** The layers: square matrices, then convolutions of ResNet and MobileNetV2 and their kin, poolings, adjoints. */
export const layers: Workload[] = [
  ...[256, 512, 1024].map((n) => one(`matrix product ${n}`, [[n, n]], { op: "linear", x: 0, w: [n, n], seed: 1 })),
  conv("3x3 64->64 @56", [1, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }),
  conv("3x3 128->128 @28", [1, 128, 28, 28], [128, 128, 3, 3], { padding: 1 }),
  conv("3x3 256->256 @14", [1, 256, 14, 14], [256, 256, 3, 3], { padding: 1 }),
  conv("3x3 512->512 @7", [1, 512, 7, 7], [512, 512, 3, 3], { padding: 1 }),
  conv("3x3 dilation 2 64->64 @56", [1, 64, 56, 56], [64, 64, 3, 3], { padding: 2, dilation: 2 }),
  conv("3x3 32 groups 128->128 @56", [1, 128, 56, 56], [128, 4, 3, 3], { padding: 1, groups: 32 }),
  conv("7x7 stride 2 3->64 @224", [1, 3, 224, 224], [64, 3, 7, 7], { stride: 2, padding: 3 }),
  conv("1x1 64->256 @56", [1, 64, 56, 56], [256, 64, 1, 1]),
  conv("1x1 1024->256 @14", [1, 1024, 14, 14], [256, 1024, 1, 1]),
  conv("1x1 96->24 @56", [1, 96, 56, 56], [24, 96, 1, 1]),
  conv("1x1 320->1280 @7", [1, 320, 7, 7], [1280, 320, 1, 1]),
  conv("depthwise 3x3 32 @112", [1, 32, 112, 112], [32, 1, 3, 3], { padding: 1, groups: 32 }),
  conv("depthwise 3x3 stride 2 144 @56", [1, 144, 56, 56], [144, 1, 3, 3], { stride: 2, padding: 1, groups: 144 }),
  conv("depthwise 3x3 576 @14", [1, 576, 14, 14], [576, 1, 3, 3], { padding: 1, groups: 576 }),
  one("max pool 3x3 stride 2 64 @112", [[1, 64, 112, 112]], { op: "maxPool2d", x: 0, kernel: 3, stride: 2, padding: 1 }),
  one("average pool 2x2 64 @112", [[1, 64, 112, 112]], { op: "avgPool2d", x: 0, kernel: 2, stride: 2 }),
  one("input adjoint 3x3 64 @56 x4", [[4, 64, 56, 56]], { op: "inputAdjoint", x: 0, w: [64, 64, 3, 3], seed: 1, padding: 1 }),
  one("filter adjoint 3x3 64 @56 x4", [[4, 64, 56, 56], [4, 64, 56, 56]], { op: "filterAdjoint", x: 0, y: 1, kernel: 3, padding: 1 }),
];

/** The networks, as inference runs them: batch normalisation folded into the convolutions before it. */
export const networks: Workload[] = [mobileNetV2(), resnet18()];

/** A training step, and a convolution with both of its adjoints, of which the last is the result. */
export const trainings: Workload[] = [
  { ...lenet(32), name: "LeNet training step, batch 32", training: true },
  {
    name: "3x3 64->64 @56 x4: forward and both adjoints",
    inputs: [[4, 64, 56, 56], [4, 64, 56, 56]],
    steps: [
      { op: "conv2d", x: 0, w: [64, 64, 3, 3], seed: 1, padding: 1 },
      { op: "inputAdjoint", x: 1, w: [64, 64, 3, 3], seed: 1, padding: 1 },
      { op: "filterAdjoint", x: 0, y: 1, kernel: 3, padding: 1 },
    ],
  },
];

/** What peers are compared on. They would not compute what is not the result. */
export const compared: Workload[] = [...layers, ...networks, trainings[0]!];

/** A class for each row of a training step's logits. */
export function labelsOf(workload: Workload): Int32Array<ArrayBuffer> {
  const [n, classes] = shapesOf(workload).at(-1) as [number, number];
  return Int32Array.from({ length: n }, (_, i) => i % classes);
}

/**
 * Numbers in [-1, 1), other ones for every input; for max pooling in [0, 1), as after a ReLU: there a border of zeros, the only one that
 * some packages have, is as good as one of minus infinity.
 */
export function inputValues({ inputs, steps }: Workload): Float32Array[] {
  const positive = steps[0]!.op === "maxPool2d";
  return inputs.map((shape, i) => Float32Array.from(randomArray(shape, 1000 + i).data, (value) => (positive ? Math.abs(value) : value)));
}

/** A step's constants. Filters are scaled by sqrt(6 / taps) (He), so that values keep their size through a network. */
export function constantsOf(step: Step): { w: Float32Array; bias: Float32Array | undefined } {
  if (!("seed" in step)) return { w: new Float32Array(), bias: undefined };
  const scale = Math.sqrt(6 / step.w.slice(1).reduce((a, b) => a * b));
  const values = (shape: Shape, seed: number, scale: number) => Float32Array.from(randomArray(shape, seed).data, (value) => value * scale);
  return { w: values(step.w, step.seed, scale), bias: "bias" in step && step.bias ? values([step.w[0]!], step.seed + 1, 0.1) : undefined };
}

/** The shape of every value: inputs, then what the steps make. */
export function shapesOf({ inputs, steps }: Workload): Shape[] {
  const shapes = [...inputs];
  for (const step of steps) shapes.push(shapeOf(step, shapes));
  return shapes;
}

function shapeOf(step: Step, shapes: Shape[]): Shape {
  const x = shapes[step.x]!;
  const spatial = (kernel: number, stride: number, padding: number): number[] =>
    x.slice(2).map((extent) => Math.floor((extent + 2 * padding - kernel) / stride) + 1);
  switch (step.op) {
    case "conv2d":
      return [x[0]!, step.w[0]!, ...spatial((step.w[2]! - 1) * (step.dilation ?? 1) + 1, step.stride ?? 1, step.padding ?? 0)];
    case "inputAdjoint":
      return [x[0]!, step.w[1]!, ...x.slice(2).map((extent) => extent + step.w[2]! - 1 - 2 * step.padding)];
    case "filterAdjoint":
      return [shapes[step.y]![1]!, x[1]!, step.kernel, step.kernel];
    case "maxPool2d":
    case "avgPool2d":
      return [...x.slice(0, 2), ...spatial(step.kernel, step.stride, step.padding ?? 0)];
    case "add":
      return x;
    case "linear":
      return [x[0]!, step.w[0]!];
  }
}

/**
 * Floating-point operations: two for every multiply-add of the definition, one for every tap of a pooling. Adjoints have as many each;
 * the first step's in the inputs is not needed.
 */
export function flopsOf(workload: Workload): number {
  const shapes = shapesOf(workload);
  const size = (shape: Shape) => shape.reduce((a, b) => a * b);
  if (workload.training) {
    const { training, ...network } = workload;
    return 3 * flopsOf(network) - flopsOf({ ...network, steps: network.steps.slice(0, 1) });
  }
  return workload.steps.reduce((sum, step, i) => {
    const out = size(shapes[workload.inputs.length + i]!);
    switch (step.op) {
      case "conv2d":
      case "linear":
        return sum + 2 * out * size(step.w.slice(1));
      case "inputAdjoint":
        return sum + (2 * size(shapes[step.x]!) * size(step.w)) / step.w[0]!;
      case "filterAdjoint":
        return sum + (2 * out * size(shapes[step.y]!)) / shapes[step.y]![1]!;
      case "maxPool2d":
      case "avgPool2d":
        return sum + out * step.kernel ** 2;
      case "add":
        return sum + out;
    }
  }, 0);
}

/** The longest sum behind an element of the result: of one layer, or all layers' together, whose errors add up. */
export function termsOf(workload: Workload): number {
  const shapes = shapesOf(workload);
  // Gradients are summed over the maps that the first step makes.
  const [n, , h, w] = shapes[workload.inputs.length]! as [number, number, number, number];
  return workload.steps.reduce((sum, step) => {
    if (step.op === "filterAdjoint") return sum + shapes[step.y]!.reduce((a, b) => a * b) / shapes[step.y]![1]!;
    return sum + ("w" in step ? step.w.slice(1).reduce((a, b) => a * b) : "kernel" in step ? step.kernel ** 2 : 1);
  }, workload.training ? n * h * w : 0);
}
