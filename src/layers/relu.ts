import { relu } from "../ops/relu.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `relu` as a layer. */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}
