// npm test [-- vitest's arguments]: rebuilds dist if it is stale, checks the types, runs the tests in every engine at hand.
//   npm test -- test/ops.test.ts --project "node simd"
// With CI=true or ADJOINT_REQUIRE_ENGINES=1 an engine that could be installed and is not is a failure. The last line is the total.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseCLI, startVitest } from "vitest/node";
import { notRun } from "../test/engines.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const total = { passed: 0, failed: 0, skipped: 0 };
const problems = [];
let finished = false;

// Here and not at the end of the file: whatever ends the process, the total is told and the exit code agrees with it.
process.on("exit", (code) => {
  if (!finished) fail("the tests did not finish");
  if (code !== 0 && total.failed === 0) fail(`vitest ended with exit code ${code}`);
  for (const what of problems) console.log(`failed: ${what}`);
  if (total.failed > 0) process.exitCode = 1;
  console.log(line(total));
});

if (isStale()) run("build", "scripts/build.mjs");
const tsc = "node_modules/typescript/bin/tsc";
run("types of src", tsc, "-p", "tsconfig.json", "--noEmit");
run("types of test, bench and demo", tsc, "-p", "test/tsconfig.json");

const args = process.argv.slice(2);
const { filter, options } = parseCLI(["vitest", "run", ...args]);
const vitest = await startVitest("test", filter, { ...options, watch: false });
const projects = count(vitest.state.getTestModules());

console.log();
for (const [name, counts] of projects) console.log(`${name}: ${line(counts)}`);
for (const { what, why, missing } of notRun) {
  console.log(`not run: ${what}: ${why}`);
  if (missing && (process.env.CI === "true" || process.env.ADJOINT_REQUIRE_ENGINES === "1")) fail(`${what} is required here`);
}
const unhandled = vitest.state.getUnhandledErrors().length;
if (unhandled > 0) fail(`errors outside of tests: ${unhandled}`);
// Without arguments every project has tests to run: one that ran none has lost them.
const silent = args.length > 0 ? [] : vitest.projects.filter(({ name }) => !projects.has(name));
for (const { name } of silent) fail(`${name} ran no tests`);
if (total.passed + total.failed === 0) fail("no tests were run");
finished = true;

/** Adds the tests of every module to its project's counts and to the total. */
function count(modules) {
  const projects = new Map();
  for (const module of modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      counts[state === "pending" ? "failed" : state]++;
    }
    // A file that does not load, or a hook that throws, has no failed test to show for it.
    if (!module.ok() && counts.failed === 0) counts.failed = 1;
    const { name } = module.project;
    if (!projects.has(name)) projects.set(name, { passed: 0, failed: 0, skipped: 0 });
    for (const sum of [projects.get(name), total]) for (const state in counts) sum[state] += counts[state];
  }
  return projects;
}

function line({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed` + (skipped > 0 ? `, ${skipped} skipped` : "");
}

/** A failure that is no test's: it counts as one. */
function fail(what) {
  total.failed++;
  problems.push(what);
}

function run(what, ...args) {
  if (spawnSync(process.execPath, args, { stdio: "inherit" }).status !== 0) fail(what);
}

/** True if any source is newer than any built file: `build.mjs kernels` renews only some. */
function isStale() {
  if (!existsSync("dist/types/index.d.ts")) return true;
  const sources = ["assembly", "src", "demo", "scripts/build.mjs", "asconfig.json", "tsconfig.json", "package-lock.json"];
  const newest = Math.max(...sources.flatMap(tree).map(({ mtimeMs }) => mtimeMs));
  return newest > Math.min(...tree("dist").filter((entry) => entry.isFile()).map(({ mtimeMs }) => mtimeMs));
}

// Folders too: one changes when a file in it is removed.
function tree(path) {
  if (!existsSync(path)) return [];
  const entry = statSync(path);
  return entry.isDirectory() ? [entry, ...readdirSync(path).flatMap((name) => tree(join(path, name)))] : [entry];
}
