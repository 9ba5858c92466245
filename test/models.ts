// Modules by composition that several tests try.

import { add, BatchNorm2d, Conv2d, Dropout, Flatten, Linear, Module, Parameter, relu, Sequential, type Tensor, tensor } from "../src/index.ts";

export class Residual extends Module {
  conv1 = new Conv2d(4, 4, 3, { padding: 1 });
  conv2 = new Conv2d(4, 4, 3, { padding: 1, bias: false });
  forward(x: Tensor): Tensor {
    return relu(add(x, this.conv2.forward(relu(this.conv1.forward(x)))));
  }
}

export class Net extends Module {
  stem = new Conv2d(1, 4, 3);
  blocks = [new Residual(), new Residual()];
  head = new Sequential(new Flatten(), new Linear(144, 10));
  gain = new Parameter([1], (values) => values.fill(1));
  forward(x: Tensor): Tensor {
    let y = this.stem.forward(x);
    for (const block of this.blocks) y = block.forward(y);
    return this.head.forward(y);
  }
}

export class Block extends Module {
  conv1: Conv2d;
  bn1: BatchNorm2d;
  downsample: Sequential;
  constructor(inChannels: number, channels: number) {
    super();
    this.conv1 = new Conv2d(inChannels, channels, 3, { padding: 1, bias: false });
    this.bn1 = new BatchNorm2d(channels);
    this.downsample = new Sequential(new Conv2d(inChannels, channels, 1, { bias: false }), new BatchNorm2d(channels));
  }
  forward(x: Tensor): Tensor {
    return relu(add(this.downsample.forward(x), this.bn1.forward(this.conv1.forward(x))));
  }
}

export class Net18 extends Module {
  conv1 = new Conv2d(3, 4, 3, { bias: false });
  bn1 = new BatchNorm2d(4);
  layer1 = new Sequential(new Block(4, 6));
  drop = new Dropout(0.5);
  fc = new Linear(6 * 16, 2);
  forward(x: Tensor): Tensor {
    const y = this.layer1.forward(relu(this.bn1.forward(this.conv1.forward(x))));
    return this.fc.forward(new Flatten().forward(this.drop.forward(y)));
  }
}

export const picture = (): Tensor => tensor(Float32Array.from({ length: 4 * 3 * 36 }, (_, i) => Math.sin(i * i)), [4, 3, 6, 6]);
