#!/usr/bin/env node
// `npx adjoint`: run, inspect and time ONNX models.

import { parseArgs } from "node:util";
import { bench } from "./bench.ts";
import { inspect } from "./inspect.ts";
import { run } from "./run.ts";

const USAGE = `adjoint run MODEL --input PICTURE [--input PICTURE ...]   what a model makes of pictures (PNG or JPEG)
  --labels FILE     names of the classes, one a line
  --top N           how many classes to show                            (5)
  --mean R,G,B      subtracted from pixels of 0 to 1                    (0.485,0.456,0.406)
  --std R,G,B       what they are divided by then                       (0.229,0.224,0.225)
  --raw             pixels as they are, 0 to 255; no mean, no std
  --bgr             blue first
  --size H,W        size of the input, where the model leaves it free

adjoint inspect MODEL                                     inputs, outputs, operators, parameters; what is not supported
  --nodes           the nodes that run, after all passes
  --size H,W        as above

adjoint bench MODEL                                       time, and where it goes
  --runs N          runs to take the median of                          (20)
  --batch N         length of a free batch axis                         (1)
  --build NAME      scalar, simd or relaxed                             (the best that runs here)
  --size H,W        as above`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      input: { type: "string", multiple: true, default: [] },
      labels: { type: "string" },
      top: { type: "string", default: "5" },
      mean: { type: "string", default: "0.485,0.456,0.406" },
      std: { type: "string", default: "0.229,0.224,0.225" },
      raw: { type: "boolean", default: false },
      bgr: { type: "boolean", default: false },
      size: { type: "string" },
      nodes: { type: "boolean", default: false },
      runs: { type: "string", default: "20" },
      batch: { type: "string", default: "1" },
      build: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const [command, model] = positionals;
  if (values.help || command === undefined) return console.log(USAGE);
  if (!["run", "inspect", "bench"].includes(command) || model === undefined || positionals.length > 2) {
    throw new TypeError(`cannot make sense of "${positionals.join(" ")}"\n\n${USAGE}`);
  }
  const size = values.size === undefined ? undefined : numbers("size", values.size, 2);
  if (command === "run") {
    const { input, labels, raw, bgr } = values;
    const [mean, std] = [numbers("mean", values.mean), numbers("std", values.std)];
    await run(model, { pictures: input, labels, top: count("top", values.top), mean, std, raw, bgr, size });
  } else if (command === "inspect") {
    await inspect(model, { nodes: values.nodes, size });
  } else {
    await bench(model, { runs: count("runs", values.runs), batch: count("batch", values.batch), build: values.build, size });
  }
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} must be a positive integer, got "${text}"`);
  return value;
}

function numbers(name: string, text: string, length?: number): number[] {
  const list = text.split(",").map(Number);
  if (list.some((value) => !Number.isFinite(value)) || (length !== undefined && list.length !== length)) {
    throw new RangeError(`--${name} must be ${length ?? "a few"} numbers with commas between them, got "${text}"`);
  }
  return list;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
});
