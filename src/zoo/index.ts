// adjoint/zoo: well-known networks, without weights. Fields are named as in torchvision, so that its state dictionaries load:
// `model.loadStateDict(fromSafetensors(bytes))`.

export { AlexNet } from "./alexNet.ts";
export { DenseNet121 } from "./denseNet.ts";
export { EfficientNetB0 } from "./efficientNet.ts";
export { LeNet5 } from "./leNet.ts";
export { MobileNetV2 } from "./mobileNetV2.ts";
export { MobileNetV3Small } from "./mobileNetV3.ts";
export { ResNet18, ResNet50 } from "./resNet.ts";
export { ShuffleNetV2 } from "./shuffleNetV2.ts";
export { SqueezeNet } from "./squeezeNet.ts";
export { TinyYolo } from "./tinyYolo.ts";
export { UNet } from "./uNet.ts";
export { VGG11, VGG16 } from "./vgg.ts";
