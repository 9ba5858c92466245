// Networks as lists of steps.

import type { Activation, Step, Workload } from "./workloads.ts";

interface Options {
  stride?: number;
  padding?: number;
  groups?: number;
  activation?: Activation;
}

/** Steps that grow: every method appends one and answers the number of the value it makes. */
class Builder {
  steps: Step[] = [];
  #channels: number[];

  constructor(channels: number) {
    this.#channels = [channels];
  }

  conv(x: number, outChannels: number, kernel: number, options: Options = {}): number {
    const w = [outChannels, this.#channels[x]! / (options.groups ?? 1), kernel, kernel];
    return this.#push({ op: "conv2d", x, w, seed: this.#seed(), bias: true, padding: (kernel - 1) / 2, ...options }, outChannels);
  }

  depthwise(x: number, stride: number): number {
    return this.conv(x, this.#channels[x]!, 3, { stride, groups: this.#channels[x]!, activation: "relu6" });
  }

  add(x: number, y: number, activation?: Activation): number {
    return this.#push({ op: "add", x, y, ...(activation && { activation }) }, this.#channels[x]!);
  }

  pool(op: "maxPool2d" | "avgPool2d", x: number, kernel: number, stride: number, padding = 0): number {
    return this.#push({ op, x, kernel, stride, padding }, this.#channels[x]!);
  }

  linear(x: number, outFeatures: number, inFeatures = this.#channels[x]!, activation?: Activation): number {
    const w = [outFeatures, inFeatures];
    return this.#push({ op: "linear", x, w, seed: this.#seed(), bias: true, ...(activation && { activation }) }, outFeatures);
  }

  channels(x: number): number {
    return this.#channels[x]!;
  }

  // The next one is the bias's.
  #seed(): number {
    return 2 * this.steps.length + 1;
  }

  #push(step: Step, channels: number): number {
    this.steps.push(step);
    return this.#channels.push(channels) - 1;
  }
}

/** The network of `npm start` (demo/lenet.ts) on `n` pictures of 28 x 28. */
export function lenet(n: number): Workload {
  const net = new Builder(1);
  const first = net.pool("maxPool2d", net.conv(0, 8, 5, { activation: "relu" }), 2, 2);
  const maps = net.pool("maxPool2d", net.conv(first, 16, 5, { padding: 0, activation: "relu" }), 2, 2);
  net.linear(net.linear(maps, 128, 400, "relu"), 10);
  return { name: "LeNet", inputs: [[n, 1, 28, 28]], steps: net.steps };
}

/** ResNet-18 (He et al., "Deep residual learning for image recognition", 2015): 3.6 GFLOP, 11.7 million parameters. */
export function resnet18(): Workload {
  const net = new Builder(3);
  let x = net.pool("maxPool2d", net.conv(0, 64, 7, { stride: 2, activation: "relu" }), 3, 2, 1);
  for (const [channels, first] of [[64, 1], [128, 2], [256, 2], [512, 2]] as const) {
    for (const stride of [first, 1]) {
      const shortcut = stride === 1 ? x : net.conv(x, channels, 1, { stride });
      const inner = net.conv(x, channels, 3, { stride, activation: "relu" });
      x = net.add(net.conv(inner, channels, 3), shortcut, "relu");
    }
  }
  net.linear(net.pool("avgPool2d", x, 7, 7), 1000);
  return { name: "ResNet-18 224", inputs: [[1, 3, 224, 224]], steps: net.steps };
}

/** MobileNetV2 (Sandler et al., "Inverted residuals and linear bottlenecks", 2018): 0.6 GFLOP, 3.5 million parameters. */
export function mobileNetV2(): Workload {
  const net = new Builder(3);
  let x = net.conv(0, 32, 3, { stride: 2, activation: "relu6" });
  // Expansion, channels, blocks, stride of the first: the paper's table 2.
  const table = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] as const;
  for (const [t, channels, blocks, first] of table) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? first : 1;
      const wide = t === 1 ? x : net.conv(x, net.channels(x) * t, 1, { activation: "relu6" });
      const y = net.conv(net.depthwise(wide, stride), channels, 1);
      x = block > 0 ? net.add(x, y) : y;
    }
  }
  net.linear(net.pool("avgPool2d", net.conv(x, 1280, 1, { activation: "relu6" }), 7, 7), 1000);
  return { name: "MobileNetV2 224", inputs: [[1, 3, 224, 224]], steps: net.steps };
}
