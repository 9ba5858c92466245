import { checkBorderOptions } from "../ops/border.ts";
import type { ConvNdOptions, ConvTransposeNdOptions } from "../ops/convNd.ts";
import { checkBoolean, checkInteger, checkOptions, type Shape, ShapeError, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { checkConvOptions, checkTransposedOptions, type Sizes, spatialSizes } from "../window.ts";
import { Module } from "./module.ts";
import { type Parameter, uniformParameter } from "./parameter.ts";

/** Options of the layers `Conv1d`, `Conv2d` and `Conv3d`. */
export interface ConvLayerOptions extends Omit<ConvNdOptions, "bias"> {
  /** Learn a bias per output channel, default true. */
  bias?: boolean;
}

/** Options of the layers `ConvTranspose1d`, `ConvTranspose2d` and `ConvTranspose3d`. */
export interface ConvTransposeLayerOptions extends Omit<ConvTransposeNdOptions, "bias"> {
  /** Learn a bias per output channel, default true. */
  bias?: boolean;
}

/** What the convolutional layers share: learned filters and a bias, initialised as in PyTorch. */
abstract class Filters<Options> extends Module {
  readonly weight: Parameter;
  /** [outChannels] */
  readonly bias: Parameter | undefined;
  readonly options: Readonly<Options>;

  /** @param perGroup channels of the filters' second axis, the fan-in; that of the first axis comes first */
  constructor(first: number, perGroup: number, kernel: Shape, outChannels: number, bias: boolean, options: Options) {
    super();
    const fanIn = perGroup * sizeOf(kernel);
    this.weight = uniformParameter([first, perGroup, ...kernel], fanIn);
    this.bias = bias ? uniformParameter([outChannels], fanIn) : undefined;
    this.options = Object.freeze(options);
  }

  /** The options of the operation, with the bias. */
  protected get call(): Options & { bias?: Tensor } {
    return { ...this.options, ...(this.bias && { bias: this.bias }) };
  }
}

/** A layer around a convolution. */
export abstract class ConvNd extends Filters<Omit<ConvNdOptions, "bias">> {
  constructor(name: string, rank: number, inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvLayerOptions) {
    checkOptions(name, options);
    const { bias = true, ...window } = options;
    const groups = checkChannels(name, inChannels, outChannels, window.groups, bias);
    const kernel = spatialSizes(name, "kernelSize", rank, kernelSize, 1);
    checkConvOptions(name, kernel, window);
    checkBorderOptions(name, window);
    super(outChannels, inChannels / groups, kernel, outChannels, bias, window);
  }
}

/** A layer around a transposed convolution. */
export abstract class ConvTransposeNd extends Filters<Omit<ConvTransposeNdOptions, "bias">> {
  constructor(name: string, rank: number, inChannels: number, outChannels: number, kernelSize: Sizes, options: ConvTransposeLayerOptions) {
    checkOptions(name, options);
    const { bias = true, ...window } = options;
    const groups = checkChannels(name, inChannels, outChannels, window.groups, bias);
    const kernel = spatialSizes(name, "kernelSize", rank, kernelSize, 1);
    checkTransposedOptions(name, rank, window);
    super(inChannels, outChannels / groups, kernel, outChannels, bias, window);
  }
}

function checkChannels(name: string, inChannels: number, outChannels: number, groups: number = 1, bias: boolean): number {
  checkInteger(name, "inChannels", inChannels, 1);
  checkInteger(name, "outChannels", outChannels, 1);
  checkInteger(name, "groups", groups, 1);
  checkBoolean(name, "bias", bias);
  for (const [what, channels] of [["inChannels", inChannels], ["outChannels", outChannels]] as const) {
    if (channels % groups !== 0) throw new ShapeError(`${name}: ${what} ${channels} is not divisible by ${groups} groups`);
  }
  return groups;
}
