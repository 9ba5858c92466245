import { expect, test } from "vitest";
import readme from "../README.md?raw";
import * as adjoint from "../src/index.ts";
import * as data from "../src/data/index.ts";

/** The code blocks of a language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "gs"))].map((match) => match[1]!);
}

/** Runs a program of the README on the sources: its imports become parameters. */
function run(program: string, extra: Record<string, unknown>): void {
  const body = program.replace(/^\s*import \{(.*?)\} from "(.*?)";$/gm, (_, names: string, from: string) => `const {${names}} = ${from.endsWith("data") ? "data" : "adjoint"};`);
  new Function("adjoint", "data", ...Object.keys(extra), body)(adjoint, data, ...Object.values(extra));
}

test("the network of the README learns, and leaves nothing but itself behind", () => {
  const lines: unknown[] = [];
  run(blocks("js")[0]!, { console: { log: (line: unknown) => lines.push(line) } });
  const losses = lines.filter((line) => String(line).startsWith("loss")).map((line) => Number(String(line).slice(5)));
  expect(losses.length).toBe(100);
  expect(losses[0]).toBeGreaterThan(2);
  expect(losses.slice(-10).reduce((a, b) => a + b) / 10).toBeLessThan(1);
  expect(String(lines[0])).toMatch(/Total +7,434$/);
  // 6 parameters, and as many velocities.
  expect((lines.at(-1) as adjoint.MemoryReport).tensors).toBe(12);
});

test("the page of the README", () => {
  const document = { body: { textContent: "" } };
  run(blocks("html")[0]!.match(/<script type="module">(.*)<\/script>/s)![1]!, { document });
  expect(document.body.textContent).toBe("2 1 -4 -3 0 -7 -16 -11 -22");
});
