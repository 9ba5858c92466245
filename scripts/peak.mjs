// Compiles bench/peak.ts, the kernel that shows what the machine can do.

import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";

/** The modules in base64, by build. */
export async function peakModules() {
  const modules = {};
  for (const target of ["scalar", "simd", "relaxed"]) {
    const outFile = `dist/bench/peak-${target}.wasm`;
    const { error, stderr } = await asc.main(["bench/peak.ts", "--target", target, "--outFile", outFile]);
    process.stderr.write(stderr.toString());
    if (error) process.exit(1);
    modules[target] = readFileSync(outFile).toString("base64");
  }
  return modules;
}
