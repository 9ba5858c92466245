// Runs ONNX's backend tests (folders with model.onnx and test_data_set_*) and prints how many pass, per operator.
//   node scripts/onnxNodeTests.mjs FOLDER [--plain] [--verbose] [NAME...]
//
// Compared as by ONNX's own runner: |got - expected| <= 1e-5 + 1e-3 |expected|. FOLDER holds one folder per test, each with the
// model and its inputs and outputs as protobuf tensors: those of onnx/backend/test/data in github.com/onnx/onnx. With --plain the
// graph is not optimised first.

import { readdirSync, readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const [folder, ...rest] = process.argv.slice(2);
const plain = rest.includes("--plain"), verbose = rest.includes("--verbose");
const names = rest.filter((argument) => !argument.startsWith("--"));

// The sources themselves: what reads single tensors is no part of the package's surface.
const bundle = await build({
  stdin: {
    contents: `
      export { loadOnnx } from "./src/onnx/loadOnnx.ts";
      export { readOnnx } from "./src/onnx/read.ts";
      export { readTensor } from "./src/onnx/proto.ts";
      export { readConstant } from "./src/onnx/constants.ts";
      export { tensor, scope, memory } from "./src/index.ts";`,
    resolveDir: new URL("..", import.meta.url).pathname,
    loader: "ts",
  },
  bundle: true, format: "esm", platform: "neutral", write: false, mainFields: ["module", "main"],
});
const { loadOnnx, readOnnx, readTensor, readConstant, tensor, scope, memory } = await import(
  `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString("base64")}`
);

const tests = readdirSync(folder).filter((name) => existsSync(join(folder, name, "model.onnx")) && (names.length === 0 || names.some((one) => name.includes(one))));
const perOperator = new Map();
const failures = [];
for (const name of tests) {
  const operators = new Set();
  let reason;
  try {
    reason = await run(join(folder, name), operators);
  } catch (error) {
    reason = verbose ? error.stack : `${error.name}: ${error.message}`;
  }
  if (reason) failures.push(`${name}: ${reason}`);
  for (const op of operators.size > 0 ? operators : ["(unreadable)"]) {
    const count = perOperator.get(op) ?? { passed: 0, all: 0 };
    count.all++;
    if (!reason) count.passed++;
    perOperator.set(op, count);
  }
}
for (const [op, { passed, all }] of [...perOperator].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${op.padEnd(28)} ${passed} of ${all}`);
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${tests.length - failures.length} of ${tests.length} tests pass; ${memory().tensors} tensors left`);
process.exitCode = failures.length > 0 ? 1 : 0;

async function run(path, operators) {
  const bytes = readFileSync(join(path, "model.onnx"));
  for (const { op } of readOnnx(bytes).nodes) operators.add(op);
  const session = await loadOnnx(bytes, { optimise: !plain });
  try {
    const sets = readdirSync(path).filter((name) => name.startsWith("test_data_set"));
    for (const set of sets) {
      const reason = scope(() => runSet(session, join(path, set)));
      if (reason) return `${set}: ${reason}`;
    }
  } finally {
    session.dispose();
  }
}

function runSet(session, path) {
  const read = (kind, i) => {
    const proto = readTensor(readFileSync(join(path, `${kind}_${i}.pb`)));
    return { name: proto.name, ...readConstant(proto, `${kind} ${i}`) };
  };
  const feeds = {};
  session.inputs.forEach(({ name }, i) => {
    const { data, shape } = read("input", i);
    feeds[name] = tensor(data instanceof Float32Array ? data : Int32Array.from(data), shape);
  });
  // Twice: the second run plays back what the first has planned.
  session.run(feeds);
  const outputs = session.run(feeds);
  for (const [i, name] of session.outputNames.entries()) {
    if (!existsSync(join(path, `output_${i}.pb`))) continue;
    const expected = read("output", i), got = outputs[name];
    if (got.shape.join() !== expected.shape.join()) return `${name} has shape [${got.shape}], expected [${expected.shape}]`;
    const data = got.data();
    for (let k = 0; k < data.length; k++) {
      const want = expected.data[k];
      if (data[k] === want || (Number.isNaN(data[k]) && Number.isNaN(want))) continue;
      if (!(Math.abs(data[k] - want) <= 1e-5 + 1e-3 * Math.abs(want))) return `${name}[${k}] is ${data[k]}, expected ${want}`;
    }
  }
}
