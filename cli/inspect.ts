// `adjoint inspect`: what is in a model, and whether it runs here.

import { readFile } from "node:fs/promises";
import { scope, zeros } from "adjoint";
import { inspectOnnx, type ValueInfo } from "adjoint/onnx";
import { externalBeside, load, shapeOf } from "./model.ts";

export async function inspect(file: string, { nodes, size }: { nodes: boolean; size: readonly number[] | undefined }): Promise<void> {
  const report = inspectOnnx(await readFile(file), { external: externalBeside(file) });
  const line = (info: ValueInfo): string => `${info.name}  ${info.dtype} [${info.shape?.join(", ") ?? "any"}]`;
  console.log(`operator set  ${report.opset}`);
  for (const info of report.inputs) console.log(`input         ${line(info)}`);
  for (const info of report.outputs) console.log(`output        ${line(info)}`);
  console.log(`parameters    ${report.parameters.toLocaleString("en-US")}`);
  console.log(`operators     ${[...report.operators].map(([op, count]) => `${op} ${count}`).join(", ")}`);
  console.log(`not supported ${[...report.unsupported].map(([op, names]) => `${op} (${names.length})`).join(", ") || "none"}`);
  if (!nodes || report.unsupported.size > 0) return;
  const session = await load(file);
  // A run tells the shapes.
  const floats = session.inputs.every(({ dtype }) => dtype.includes("float"));
  if (floats) scope(() => session.run(Object.fromEntries(session.inputs.map((info) => [info.name, zeros(shapeOf(info, 1, size))]))));
  console.log(`\n${session.explain()}`);
}
