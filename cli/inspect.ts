// `adjoint inspect`: what is in a model, and whether it runs here.

import { scope } from "adjoint";
import { inspectOnnx, type ValueInfo } from "adjoint/onnx";
import { externalBeside, feedsOf, load, naming, readBytes } from "./model.ts";

export async function inspect(file: string, { nodes, size }: { nodes: boolean; size: readonly number[] | undefined }): Promise<void> {
  const bytes = await readBytes(file);
  const report = await naming(file, () => inspectOnnx(bytes, { external: externalBeside(file) }));
  const line = (info: ValueInfo): string => `${info.name}  ${info.dtype} [${info.shape?.join(", ") ?? "any"}]`;
  const unsupported = [...report.unsupported].map(([op, names]) => {
    return `${op} (${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""})`;
  });
  console.log(`operator set   ${report.opset}`);
  for (const info of report.inputs) console.log(`input          ${line(info)}`);
  for (const info of report.outputs) console.log(`output         ${line(info)}`);
  console.log(`parameters     ${report.parameters.toLocaleString("en-US")}`);
  console.log(`operators      ${[...report.operators].map(([op, count]) => `${op} ${count}`).join(", ")}`);
  console.log(`not supported  ${unsupported.join(", ") || "none"}`);
  if (!nodes || report.unsupported.size > 0) return;
  const session = await load(file);
  // A run tells the shapes.
  await naming(file, () => scope(() => void session.run(feedsOf(session, 1, size, () => 0))));
  console.log(`\n${session.explain()}`);
}
