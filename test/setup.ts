import { inject } from "vitest";
import { init } from "../src/index.ts";

await init({ build: inject("build") });
