import { identity } from "../ops/identity.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Gives its input back: a place in a model where nothing happens. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return identity(x);
  }
}
