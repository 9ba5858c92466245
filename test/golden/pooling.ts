import {
  adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1dWithIndices, adaptiveMaxPool2dWithIndices,
  adaptiveMaxPool3dWithIndices, avgPool1d, avgPool2d, avgPool3d, lpPool1d, lpPool2d, maxPool1dWithIndices, maxPool2dWithIndices,
  maxPool3dWithIndices, type MaxPoolResult, maxUnpool2d, type Shape,
} from "../../src/index.ts";
import adaptiveAvgPoolFile from "./adaptiveAvgPool.json" with { type: "json" };
import adaptiveMaxPoolFile from "./adaptiveMaxPool.json" with { type: "json" };
import avgPoolFile from "./avgPool.json" with { type: "json" };
import type { Family } from "./family.ts";
import lpPoolFile from "./lpPool.json" with { type: "json" };
import maxPoolFile from "./maxPool.json" with { type: "json" };
import maxUnpoolFile from "./maxUnpool.json" with { type: "json" };

// By number of spatial axes.
const maxPools = [maxPool1dWithIndices, maxPool2dWithIndices, maxPool3dWithIndices];
const avgPools = [avgPool1d, avgPool2d, avgPool3d];
const lpPools = [lpPool1d, lpPool2d];
const adaptiveAvgPools = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d];
const adaptiveMaxPools = [adaptiveMaxPool1dWithIndices, adaptiveMaxPool2dWithIndices, adaptiveMaxPool3dWithIndices];

const both = ({ values, indices }: MaxPoolResult) => [values, indices];

export const poolings: Family[] = [
  {
    name: "maxPool",
    file: maxPoolFile as never,
    run: ([x], { kernelSize, ...options }) => both(maxPools[x!.shape.length - 3]!(x!, kernelSize, options)),
    // Windows side by side send one dy to one element each.
    terms: ({ shapes: [x], options: { kernelSize, stride, dilation } }) => {
      return [0, 0, stride === undefined && dilation === undefined ? 0 : taps(kernelSize, x!)];
    },
  },
  {
    name: "avgPool",
    file: avgPoolFile as never,
    run: ([x], { kernelSize, ...options }) => avgPools[x!.shape.length - 3]!(x!, kernelSize, options),
    terms: ({ shapes: [x], options: { kernelSize } }) => taps(kernelSize, x!),
  },
  {
    name: "lpPool",
    file: lpPoolFile as never,
    run: ([x], { normType, kernelSize, ...options }) => lpPools[x!.shape.length - 3]!(x!, normType, kernelSize, options),
    terms: ({ shapes: [x], options: { kernelSize } }) => taps(kernelSize, x!),
  },
  {
    name: "adaptiveAvgPool",
    file: adaptiveAvgPoolFile as never,
    run: ([x], { outputSize }) => adaptiveAvgPools[x!.shape.length - 3]!(x!, outputSize),
    terms: ({ shapes: [x], outputs: [y] }) => [adaptiveTaps(x!, y!), adaptiveTaps(y!, x!)],
  },
  {
    name: "adaptiveMaxPool",
    file: adaptiveMaxPoolFile as never,
    run: ([x], { outputSize }) => both(adaptiveMaxPools[x!.shape.length - 3]!(x!, outputSize)),
    terms: ({ shapes: [x], outputs: [y] }) => [0, 0, adaptiveTaps(y!, x!)],
  },
  {
    name: "maxUnpool",
    file: maxUnpoolFile as never,
    run: ([x], { kernelSize, outputSize, ...options }) => {
      const { values, indices } = maxPool2dWithIndices(x!, kernelSize, options);
      return maxUnpool2d(values, indices, kernelSize, { ...options, outputSize });
    },
    terms: () => 0,
  },
];

function taps(kernelSize: number | number[], x: Shape): number {
  return typeof kernelSize === "number" ? kernelSize ** (x.length - 2) : kernelSize.reduce((a, b) => a * b, 1);
}

/** Elements of `from` that one of `to` has to do with. */
function adaptiveTaps(from: Shape, to: Shape): number {
  return from.slice(2).reduce((count, length, axis) => count * (Math.ceil(length / to[2 + axis]!) + 1), 1);
}
