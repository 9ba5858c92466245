import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential } from "adjoint";

/**
 * A network in the manner of LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998) for
 * 28 x 28 pictures in 10 classes: two convolutions, two poolings, two linear layers; 56,042 parameters.
 */
export function lenet(): Sequential {
  return new Sequential(
    new Conv2d(1, 8, 5, { padding: 2 }), // [N, 8, 28, 28]
    new ReLU(),
    new MaxPool2d(2), // [N, 8, 14, 14]
    new Conv2d(8, 16, 5), // [N, 16, 10, 10]
    new ReLU(),
    new MaxPool2d(2), // [N, 16, 5, 5]
    new Flatten(), // [N, 400]
    new Linear(400, 128),
    new ReLU(),
    new Linear(128, 10),
  );
}
