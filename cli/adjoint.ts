#!/usr/bin/env node
// `npx adjoint`: run, inspect and time ONNX models.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { bench } from "./bench.ts";
import { inspect } from "./inspect.ts";
import { run } from "./run.ts";

const USAGE = `adjoint run MODEL --input PICTURE [--input PICTURE ...]   what a model makes of pictures (PNG or JPEG)
  --labels FILE     names of the classes, one a line
  --top N           how many classes to show                            (5)
  --raw             pixels as they are, 0 to 255; otherwise 0 to 1
  --mean A,B,C      subtracted from the pixels, channel by channel      (ImageNet's where the model reads colours, unless --raw)
  --std A,B,C       what they are divided by then                       (likewise)
  --bgr             blue first; mean and std follow this order
  --crop            keep the picture's proportions and cut the middle out; otherwise it is stretched
  --size H,W        size of the input, where the model leaves it free   (the picture's)
  --json            every output in full, one line for each picture

adjoint inspect MODEL                                     inputs, outputs, operators, parameters; what is not supported
  --nodes           the nodes that run, after all passes
  --size H,W        size of the input, where the model leaves it free

adjoint bench MODEL                                       time, and where it goes
  --runs N          runs to take the median of                          (20)
  --batch N         length of a free batch axis                         (1)
  --size H,W        size of the input, where the model leaves it free
  --build NAME      scalar, simd or relaxed                             (the best that runs here)
  --threads N       threads, or max for as many as there are cores      (1)`;

const [command, ...rest] = process.argv.slice(2);

async function main(): Promise<void> {
  if (command === undefined || rest.includes("--help") || ["help", "--help", "-h"].includes(command)) return console.log(USAGE);
  if (command === "run") {
    const { model, values } = parsed({
      input: { type: "string", multiple: true, default: [] }, labels: { type: "string" }, top: { type: "string", default: "5" },
      raw: { type: "boolean", default: false }, mean: { type: "string" }, std: { type: "string" }, bgr: { type: "boolean", default: false },
      crop: { type: "boolean", default: false }, size: { type: "string" }, json: { type: "boolean", default: false },
    });
    const { input: pictures, mean, std } = values;
    const listed = (name: string, text: string | undefined): number[] | undefined => (text === undefined ? undefined : numbers(name, text));
    await run(model, {
      ...values, pictures, labels: values.labels, mean: listed("mean", mean), std: listed("std", std),
      top: count("top", values.top), size: sizeOf(values.size),
    });
  } else if (command === "inspect") {
    const { model, values } = parsed({ nodes: { type: "boolean", default: false }, size: { type: "string" } });
    await inspect(model, { nodes: values.nodes, size: sizeOf(values.size) });
  } else if (command === "bench") {
    const { model, values } = parsed({
      runs: { type: "string", default: "20" }, batch: { type: "string", default: "1" }, size: { type: "string" }, build: { type: "string" },
      threads: { type: "string", default: "1" },
    });
    const { runs, batch, size, build } = values;
    const threads = values.threads === "max" ? values.threads : count("threads", values.threads);
    await bench(model, { runs: count("runs", runs), batch: count("batch", batch), size: sizeOf(size), build, threads });
  } else {
    throw new TypeError(`no command "${command}": there are run, inspect and bench (adjoint --help)`);
  }
}

// The options of one command, and its model.
function parsed<O extends NonNullable<ParseArgsConfig["options"]>>(options: O) {
  const { values, positionals } = parseArgs({ args: rest, allowPositionals: true, options });
  const [model] = positionals;
  if (model === undefined || positionals.length > 1) {
    const hint = command === "run" ? "; pictures go behind --input" : "";
    throw new TypeError(`${command} takes one model${model === undefined ? "" : `, got ${positionals.join(" ")}`}${hint} (adjoint --help)`);
  }
  return { model, values };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} must be a positive integer, got "${text}"`);
  return value;
}

function numbers(name: string, text: string): number[] {
  const list = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!list.every(Number.isFinite)) throw new RangeError(`--${name} must be numbers with commas between them, got "${text}"`);
  return list;
}

function sizeOf(text: string | undefined): [number, number] | undefined {
  if (text === undefined) return undefined;
  const [height = NaN, width = height, ...more] = text.split(",").map(Number);
  if (more.length > 0 || ![height, width].every((length) => Number.isInteger(length) && length > 0)) {
    throw new RangeError(`--size must be a height and a width, as in 224,224, got "${text}"`);
  }
  return [height, width];
}

// A reader that has enough, as `head`, is no failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  // Of the parser's advice the first sentence is for users.
  console.error(`adjoint: ${message.replace(/\. To specify a positional argument.*$/s, " (adjoint --help)")}`);
  process.exitCode = 1;
});
