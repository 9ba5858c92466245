// The contents of adjoint/image: pictures in and out, filters, and what is done to pictures before a network sees them.

export { type ChannelOrder, imageToTensor, type ImageOptions, type Picture, tensorToImage } from "./picture.ts";
export { filter2d, type FilterOptions, gaussian3, gaussian5, gaussianBlur, type Kernel, sobel, sobelX, sobelY } from "./filter.ts";
export { centerCrop, crop, normalize, presets, resize, type ResizeOptions } from "./transform.ts";
