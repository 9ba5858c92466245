import { dropout2d } from "../ops/dropout2d.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `dropout2d` as a layer: drops whole channels in training, does nothing after `eval()`. */
export class Dropout2d extends Module {
  readonly p: number;

  /**
   * @param p probability of a channel to become 0, default 0.5
   * @throws RangeError if it is none
   */
  constructor(p: number = 0.5) {
    super();
    checkNumber("Dropout2d", "p", p, 0, 1);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return dropout2d(x, this.p, { training: this.training });
  }
}
