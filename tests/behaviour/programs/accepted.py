"""Right programs: a type checker finds nothing here, and the lines run."""

from typing import Any

import numpy as np
import numpy.typing as npt

from voxbind import skimage
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
from voxbind.skimage.color.adapt_rgb import adapt_rgb, each_channel
from voxbind.skimage.graph import route_through_array
from voxbind.skimage.restoration.inpaint import inpaint_biharmonic

rng = np.random.default_rng(0)
image: npt.NDArray[np.float32] = rng.random((64, 64)).astype(np.float32)
wide = rng.random((64, 64))
small: npt.NDArray[np.uint8] = (image * 255).astype(np.uint8)
mask = image > 0.5
labels: npt.NDArray[np.int32] = mask.astype(np.int32)
colours: npt.NDArray[np.uint8] = np.stack([small, small, small], -1)
volume = np.zeros((4, 16, 16), np.float32)
matrix = np.eye(3)
unknown: Any = image


class Lent:
    """An object that NumPy can convert."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.float32]:
        return np.ones((16, 16), np.float32)


lent = Lent()

# NumPy's numbers are numbers.
for angle in np.arange(0, 30, 10):
    transform.rotate(image, angle)
for sigma in np.linspace(1, 2, 2):
    filters.gaussian(image, sigma)
feature.canny(image, low_threshold=np.quantile(image, 0.1))
feature.canny(image, sigma=np.float32(1.5))
filters.gaussian(image, np.float32(2))
filters.gaussian(image, (np.float64(2), 1))
filters.gaussian(image, [1, 2.5])
filters.threshold_local(image, np.int64(11))
filters.unsharp_mask(image, radius=np.float64(1), amount=np.int16(1))
exposure.adjust_gamma(image, np.float32(0.9))
exposure.rescale_intensity(image, out_range=(0, 1))
morphology.remove_small_objects(mask, max_size=np.int64(10))
morphology.remove_small_holes(mask, max_size=labels.max())
morphology.disk(np.uint8(3))
ndimage.gaussian_filter(image, image.std())
ndimage.gaussian_filter(image, (1, np.float64(2)))
ndimage.rotate(image, np.float64(30), order=1)
ndimage.zoom(image, np.float32(2))
ndimage.median_filter(image, size=np.int64(3))
ndimage.shift(image, [1, np.float64(2)])
transform.resize(image, (np.int64(32), 32))
transform.resize(image, [32, 32])
transform.resize(image, image.shape)
transform.rescale(image, np.float64(0.5))
segmentation.slic(image, n_segments=np.int64(5), channel_axis=None)
measure.find_contours(image, np.float32(0.5))

# Results have the dtype that was measured.
smooth: npt.NDArray[np.float32] = filters.gaussian(image)
smooth_wide: npt.NDArray[np.float64] = filters.gaussian(wide)
smooth_small: npt.NDArray[np.float64] = filters.gaussian(small)
smooth_mask: npt.NDArray[np.float64] = filters.gaussian(mask)
grey: npt.NDArray[np.float64] = color.rgb2gray(colours)
edges: npt.NDArray[np.bool_] = feature.canny(image)
boundaries: npt.NDArray[np.bool_] = segmentation.find_boundaries(labels)
bytes_: npt.NDArray[np.uint8] = util.img_as_ubyte(image)
blurred: npt.NDArray[np.float32] = ndimage.gaussian_filter(image, 1)
blurred_bytes: npt.NDArray[np.uint8] = ndimage.gaussian_filter(small, 1)
opened: npt.NDArray[np.uint8] = morphology.opening(small, morphology.disk(1))
kernel: npt.NDArray[np.uint8] = morphology.disk(3)
ball: npt.NDArray[np.uint8] = morphology.ball(3)
structure: npt.NDArray[np.bool_] = ndimage.generate_binary_structure(2, 1)
gabor: npt.NDArray[np.complex128] = filters.gabor_kernel(0.1)
chosen: npt.NDArray[np.bool_] = morphology.disk(3, dtype=bool)
print(kernel.sum() + kernel[0, 0], (kernel > 0).any(), len(kernel))
print(filters.gaussian(filters.gaussian(small)).mean(), filters.gaussian(unknown))

# A number, or an array for several labels.
total: float = ndimage.sum(image)
print(ndimage.sum(image, labels, [1])[0], ndimage.mean(image, labels, [1]).max())
print(ndimage.sum(image, labels, 1) / 2, ndimage.maximum(image, labels, np.int64(1)) / 2)
print(ndimage.mean(image, labels, index=[1]).shape, ndimage.mean(image, labels, np.unique(labels)))
y, x = ndimage.center_of_mass(image)
for row, column in ndimage.center_of_mass(image, labels, [1]):
    print(row / 2, column / 2)
print(restoration.estimate_sigma(image) / 2)
print(filters.threshold_otsu(image) * 2)

# What isn't in a library's memory comes back as NumPy's.
from_memory: npt.NDArray[Any] = ndimage.gaussian_filter(lent, 1)
from_lists: npt.NDArray[Any] = ndimage.gaussian_filter([[1.0, 2.0], [3.0, 4.0]], 1)
smooth_memory: npt.NDArray[Any] = filters.gaussian(lent)
regions = measure.regionprops(labels, intensity_image=image)
table = measure.regionprops_table(labels, properties=("label", "area"))
print(table["area"] / 2, regions[0])
counted, count = measure.label(labels, return_num=True)
print(measure.label(labels).max(), counted.max(), count + 1)
print(ndimage.affine_transform(image, matrix).shape, ndimage.gaussian_filter(volume, 1).shape)
print(segmentation.watershed(image, labels, mask=mask).max())

# What has no wrapper is the library's own.
coins = data.coins()
rows, columns = draw.disk((9, 9), radius=np.float64(5), shape=image.shape)
path, cost = route_through_array(image, (0, 0), (9, 9))
print(skimage.img_as_float(small).max(), skimage.__version__, filters.threshold_otsu(coins))
print(adapt_rgb(each_channel), inpaint_biharmonic(image, mask).shape, cost)
