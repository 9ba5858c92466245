// What convolutions and products do to their sums before they leave the registers or the cache.

import { EPILOGUE_PTR, floats, ints, structPtr } from "./runtime/memory.ts";
import type { Tensor } from "./tensor.ts";

/** An elementwise function that a kernel applies to its result; each is the operation of that name. */
export type Activation =
  | { readonly kind: "clamp"; readonly lower: number; readonly upper: number }
  | { readonly kind: "leakyRelu"; readonly slope: number }
  | { readonly kind: "sigmoid" | "silu" | "hardsigmoid" | "hardswish" };

/** y = activation(sum + bias + residual); what is missing is left out. */
export interface Epilogue {
  /** One number per column of a product, per output channel of a convolution. */
  readonly bias?: Tensor | undefined;
  /** A tensor with the shape and the layout of y. */
  readonly residual?: Tensor | undefined;
  readonly activation?: Activation | undefined;
}

// Numbered from 1, as in `assembly/epilogue.ts`.
const kinds: readonly Activation["kind"][] = ["clamp", "leakyRelu", "sigmoid", "silu", "hardsigmoid", "hardswish"];

/** Writes the epilogue where the next kernel call reads it (`assembly/epilogue.ts`, same order); returns the address, 0 if it is empty. */
export function epiloguePtr({ bias, residual, activation }: Epilogue): number {
  if (!bias && !residual && !activation) return 0;
  // A parameter takes its memory at its first use, and then views of the memory may end: addresses come first.
  const addresses = [bias ? bias.ptr : 0, residual ? residual.ptr : 0];
  const ptr = structPtr(EPILOGUE_PTR, 32);
  const fields = ints(ptr, 3), parameters = floats(ptr + 12, 2);
  fields.set(addresses);
  fields[2] = activation ? kinds.indexOf(activation.kind) + 1 : 0;
  parameters[0] = activation?.kind === "clamp" ? activation.lower : activation?.kind === "leakyRelu" ? activation.slope : 0;
  parameters[1] = activation?.kind === "clamp" ? activation.upper : 0;
  return ptr;
}
