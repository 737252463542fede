"""Wrong programs: a type checker finds an error in each line below the first call."""

import numpy as np
import numpy.typing as npt

from voxbind.scipy import ndimage
from voxbind.skimage import (
    color,
    data,
    draw,
    exposure,
    feature,
    filters,
    measure,
    morphology,
    restoration,
    segmentation,
    transform,
    util,
)
from voxbind.skimage.util.dtype import img_as_float32

image: npt.NDArray[np.float32] = np.zeros((64, 64), np.float32)
small: npt.NDArray[np.uint8] = np.zeros((64, 64), np.uint8)
labels: npt.NDArray[np.int32] = np.zeros((64, 64), np.int32)
mask = image > 0.5
lent = memoryview(bytes(16))
bytes_result: npt.NDArray[np.uint8]
float32_result: npt.NDArray[np.float32]
float64_result: npt.NDArray[np.float64]
int_result: npt.NDArray[np.int64]
text: str

# --- each line is wrong
filters.gaussian("image.png")
filters.gaussian(b"image")
filters.gaussian(3)
filters.gaussian(None)
filters.gaussian([[1.0, 2.0]])
filters.gaussian(image, "2")
filters.gaussian(image, sigma=["1", "2"])
filters.gaussian(image, sigma=None)
filters.gaussian(image, sgima=2)
filters.gaussian(image, mode="nowhere")
filters.gaussian(image, 1, "wrap")
filters.gaussian(image, truncate=image)
filters.gaussian(image, truncate="4")
filters.gaussian(image).sort_values()
filters.gausian(image)
filters.gaussian()
filters.unsharp_mask(image, radius="1")
filters.threshold_local(image, "11")
filters.threshold_local(image, 11.5)
filters.threshold_otsu(image, nbins="10")
filters.threshold_otsu(image, nbins=image)
filters.threshold_otsu(image).shape
filters.gabor_kernel("0.1")
transform.resize(image, output_shape="64")
transform.resize(image, "64")
transform.resize(image, (8, 8), order="1")
transform.resize(image, (8, 8), mode="sideways")
transform.rescale(image, "0.5")
transform.rotate(image, "30")
transform.rotate(image, image)
transform.rotate(image, [30])
transform.rotate(image, None)
transform.rotate(image, 30, center="middle")
transform.rotate(image, 30, resize="no")
color.rgb2gray(3)
color.rgb2gray("image.png")
color.rgb2hsv(3.5)
color.label2rgb("labels")
feature.canny("image.png")
feature.canny(image, sigma="1")
feature.canny(image, low_threshold="0.1")
feature.canny(image, 1, mode="nowhere")
feature.canny(image).sort_values()
exposure.adjust_gamma(image, "0.9")
exposure.adjust_gamma(image, image)
exposure.equalize_adapthist(image, clip_limit="0.01")
exposure.rescale_intensity(None)
morphology.disk("3")
morphology.disk(image)
morphology.disk(3, decomposition="squares")
morphology.ball(None)
morphology.remove_small_objects(mask, max_size="10")
morphology.remove_small_objects(mask, max_size=image)
morphology.opening("image.png")
segmentation.slic(image, n_segments="5")
segmentation.slic(image, n_segments=2.5)
segmentation.slic(image, n_segments=image)
segmentation.find_boundaries(labels, mode="nowhere")
segmentation.chan_vese(image, extended_output=True).shape
measure.label(labels, return_num=True).shape
measure.label(labels, connectivity="1")
measure.find_contours(image, "0.5")
measure.find_contours(image, 0.5, fully_connected="middle")
measure.regionprops_table(labels).shape
restoration.estimate_sigma(image).append(1)
restoration.denoise_tv_chambolle(image, weight="0.1")
util.img_as_ubyte("image.png")
util.img_as_ubyte(image).sort_values()
ndimage.gaussian_filter("image.png", 1)
ndimage.gaussian_filter(image)
ndimage.gaussian_filter(image, "1")
ndimage.gaussian_filter(image, 1, mode="nowhere")
ndimage.gaussian_filter(image, 1, order="1")
ndimage.gaussian_filter(image, 1, truncate="4")
ndimage.zoom(image, "2")
ndimage.zoom(image, 2, order="3")
ndimage.rotate(image, "30")
ndimage.rotate(image, image)
ndimage.rotate(image, 30, order=1.5)
ndimage.rotate(image, 30, cval="0")
ndimage.median_filter(image, mode="nowhere")
ndimage.label(image).shape
ndimage.sum(image)[0]
ndimage.sum(image, labels, [1]).append(1)
ndimage.center_of_mass(image, labels, [1]).shape
ndimage.generate_binary_structure("2", 1)
ndimage.generate_binary_structure(2, image)
bytes_result = filters.gaussian(image)
float32_result = filters.gaussian(small)
float64_result = filters.gaussian(image)
bytes_result = feature.canny(image)
float32_result = morphology.disk(3)
int_result = ndimage.generate_binary_structure(2, 1)
bytes_result = util.img_as_bool(image)
text = filters.threshold_otsu(image)
text = filters.gaussian(lent)
draw.disk((9, 9), radius=5, shap=(64, 64))
draw.disk()
data.coins(64)
img_as_float32(small, forc_copy=True)
