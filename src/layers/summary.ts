import { dryRun } from "../runtime/kernels.ts";
import { scope } from "../scope.ts";
import { checkShape, format, type Shape } from "../shape.ts";
import { defaultLayout, empty, type Tensor } from "../tensor.ts";
import type { Module } from "./module.ts";

/** One layer of a summary. */
export interface SummaryRow {
  /** Path of field names, as in the state dictionary. */
  name: string;
  /** Class of the layer. */
  type: string;
  outputShape: Shape;
  /** Numbers that it learns. */
  parameters: number;
}

/** What `summary` tells of a model; `String(summary)` is a table. */
export interface Summary {
  rows: SummaryRow[];
  inputShape: Shape;
  outputShape: Shape;
  /** Numbers that the whole model learns, shared ones counted once. */
  parameters: number;
  toString(): string;
}

/** Runs the model without kernels and memory, and notes what every layer without sub-modules returns. */
export function summarise(model: Module, inputShape: Shape): Summary {
  checkShape("summary", inputShape);
  const rows: SummaryRow[] = [];
  const leaves: Module[] = [];
  watch(model, "");
  try {
    const outputShape = dryRun(() => scope(() => model.forward(empty([...inputShape], defaultLayout(inputShape))).shape));
    const parameters = count(model);
    return { rows, inputShape, outputShape, parameters, toString: () => table(rows, inputShape, parameters) };
  } finally {
    for (const leaf of leaves) delete (leaf as Partial<Module>).forward;
  }

  function watch(module: Module, path: string): void {
    const children = module.children();
    for (const [name, child] of children) watch(child, path ? `${path}.${name}` : name);
    if (children.size > 0 || leaves.includes(module)) return;
    leaves.push(module);
    // An own property hides the class's method until it is deleted again.
    module.forward = (x: Tensor) => {
      const y = (Object.getPrototypeOf(module) as Module).forward.call(module, x);
      rows.push({ name: path, type: module.constructor.name, outputShape: y.shape, parameters: count(module) });
      return y;
    };
  }
}

function count(module: Module): number {
  return module.parameters().reduce((total, parameter) => total + parameter.size, 0);
}

function table(rows: SummaryRow[], inputShape: Shape, parameters: number): string {
  const number = (value: number): string => value.toLocaleString("en-US");
  const lines = [["Layer", "Type", "Output shape", "Parameters"], ["", "Input", format(inputShape), ""]];
  for (const row of rows) lines.push([row.name, row.type, format(row.outputShape), number(row.parameters)]);
  lines.push(["Total", "", "", number(parameters)]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => line.map((text, i) => (i === 3 ? text.padStart(widths[i]!) : text.padEnd(widths[i]!))).join("  ").trimEnd()).join("\n");
}
