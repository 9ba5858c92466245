import { conv2dSpec } from "./conv2d.ts";
import type { OpSpec } from "./spec.ts";

/** Every operation's spec: one line each. */
export const specs: OpSpec<any>[] = [conv2dSpec];
