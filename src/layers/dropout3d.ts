import { dropout3d } from "../ops/dropout3d.ts";
import { checkNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** `dropout3d` as a layer: drops whole channels in training, does nothing after `eval()`. */
export class Dropout3d extends Module {
  readonly p: number;

  /**
   * @param p probability of a channel to become 0, default 0.5
   * @throws RangeError if it is none
   */
  constructor(p: number = 0.5) {
    super();
    checkNumber("Dropout3d", "p", p, 0, 1);
    this.p = p;
  }

  forward(x: Tensor): Tensor {
    return dropout3d(x, this.p, { training: this.training });
  }
}
