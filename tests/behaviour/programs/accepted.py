"""Right programs: a type checker finds nothing here, and the lines run."""

from typing import Any

import numpy as np
import numpy.typing as npt

import voxbind
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
    metrics,
    morphology,
    registration,
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

# Further numbers of NumPy, in further functions.
filters.apply_hysteresis_threshold(image, np.quantile(image, 0.1), np.percentile(image, 90))
filters.butterworth(image, cutoff_frequency_ratio=np.float64(0.1), order=np.float32(2))
filters.difference_of_gaussians(image, np.float32(1), np.float64(2))
filters.laplace(image, ksize=np.int64(3))
filters.median(image, morphology.disk(np.int32(1)))
filters.sato(image, sigmas=range(1, 3))
filters.sato(image, sigmas=np.arange(1, 3))
filters.frangi(image, sigmas=np.arange(1, 3))
filters.meijering(image, sigmas=np.linspace(1, 2, 2))
filters.hessian(image, sigmas=[1, np.float64(2)])
filters.threshold_local(image, np.array([5, 7]))
filters.threshold_niblack(image, window_size=np.array([5, 7]))
filters.threshold_sauvola(image, window_size=[5, np.int64(7)])
filters.rank.mean(small, morphology.disk(1))
filters.rank.median(small, np.ones((3, 3), np.uint8))
filters.threshold_multiotsu(image, classes=np.int64(3))
filters.threshold_sauvola(image, window_size=np.int16(5), k=np.float32(0.2))
exposure.adjust_log(image, gain=np.float64(1.1))
exposure.equalize_adapthist(image, clip_limit=np.float32(0.02), kernel_size=np.int64(8))
exposure.rescale_intensity(image, in_range=(np.float64(0.1), np.float32(0.9)))
exposure.rescale_intensity(image, in_range="image", out_range=(0, np.int64(1)))
exposure.histogram(image, nbins=np.int64(8))
feature.peak_local_max(image, min_distance=np.int64(2), threshold_abs=np.float32(0.1))
feature.blob_log(image, max_sigma=np.int64(3), num_sigma=np.int8(2), threshold=np.float32(0.1))
feature.blob_dog(image, min_sigma=np.array([1, 2]), max_sigma=np.array([3, 4]))
feature.corner_harris(image, k=np.float64(0.05), sigma=np.int64(1))
feature.local_binary_pattern(small, np.int64(8), np.float64(1))
feature.hog(image, orientations=np.int64(4), pixels_per_cell=(8, np.int64(8)))
feature.match_template(image, image[:5, :5])
measure.block_reduce(image, 2)
measure.block_reduce(image, (2, np.int64(2)), np.max)
measure.label(mask, connectivity=np.int64(1))
measure.profile_line(image, (0, 0), (np.int64(5), np.float64(6)))
measure.regionprops_table(labels, image, properties=["label", "area"])["area"].mean()
metrics.contingency_table(labels, labels, ignore_labels=np.array([0]))
metrics.variation_of_information(labels, labels, ignore_labels=np.array([0]))
metrics.structural_similarity(image, image, data_range=np.float32(1))
metrics.peak_signal_noise_ratio(image, image + 1, data_range=1) / 2
metrics.mean_squared_error(image, image) + 1.0
morphology.remove_small_objects(labels, max_size=np.int64(5))
morphology.h_maxima(image, np.float32(0.1))
morphology.area_opening(small, area_threshold=np.int64(4))
morphology.ellipse(np.int64(3), 2)
morphology.footprint_rectangle((3, np.int64(5)))
morphology.skeletonize(mask) & mask
registration.phase_cross_correlation(image, image, upsample_factor=np.int64(2))[0] * 2
restoration.denoise_tv_chambolle(image, weight=np.float64(0.1))
restoration.denoise_nl_means(image, patch_size=np.int64(3), h=np.float32(0.1))
restoration.rolling_ball(image, radius=np.int64(5))
segmentation.felzenszwalb(image, scale=np.float64(10), min_size=np.int64(5))
segmentation.expand_labels(labels, distance=np.float32(2))
segmentation.clear_border(labels, buffer_size=np.int64(1))
segmentation.watershed(-image, labels, compactness=np.float64(0.1))
segmentation.mark_boundaries(image, labels, color=(1, np.float64(0), 0))
segmentation.mark_boundaries(image, labels, outline_color=np.array([1.0, 0.5, 0.0]))
transform.integrate(image, np.array([[1, 1]]), np.array([[4, 5]]))
transform.rescale(image, (0.5, np.float64(0.5)))
transform.resize(image, np.array(image.shape) // 2)
transform.resize(volume, volume.shape)
transform.swirl(image, strength=np.float64(1), radius=np.int64(5))
transform.warp(image, np.eye(3), output_shape=image.shape)
transform.radon(image, theta=np.arange(0.0, 180.0, 30.0))
transform.downscale_local_mean(image, (2, 2))
transform.hough_line_peaks(*transform.hough_line(mask))
util.random_noise(image, rng=np.int64(0), var=np.float32(0.01))
util.crop(image, np.int64(2))
util.montage(volume, fill=np.float64(0))
ndimage.binary_dilation(mask, iterations=np.int64(2))
ndimage.distance_transform_edt(mask, sampling=[1, np.float64(2)])
ndimage.grey_opening(small, size=(3, np.int64(3)))
ndimage.percentile_filter(image, np.float64(50), size=3)
ndimage.map_coordinates(image, [[1.0, 2.0], [3.0, 4.0]], order=1)
ndimage.affine_transform(image, np.eye(2), offset=np.float64(1))
ndimage.generic_filter(image, np.mean, size=3)
ndimage.gaussian_filter1d(image, np.float32(2), axis=np.int64(0))
ndimage.uniform_filter(image, size=np.uint8(3))
ndimage.find_objects(labels)[0]
ndimage.sum_labels(image, labels, np.arange(1, 3)).mean()
ndimage.variance(image, labels, index=range(1, 3)).sum()
ndimage.maximum_position(image)
ndimage.extrema(image)[0] / 2

# Numbers that may be complex are NumPy's numbers too.
ndimage.shift(image, 1, cval=image.min())
ndimage.gaussian_filter(image, 1, cval=np.float32(0))
ndimage.convolve(image, np.ones((3, 3)), cval=np.int64(1))
ndimage.zoom(image, 2, cval=small.max())
filters.gabor(image, frequency=np.float32(0.1), n_stds=np.int64(3))
filters.gabor(image, 0.1, sigma_x=np.float64(2))
measure.block_reduce(image, 2, cval=image.min())
transform.downscale_local_mean(image, (2, 2), cval=np.float32(0))
segmentation.inverse_gaussian_gradient(image, alpha=np.float32(100))
rotated: npt.NDArray[np.float32] = transform.rotate(image, np.float32(3))
means: npt.NDArray[np.uint8] = filters.rank.mean(small, morphology.disk(1))
thinned: npt.NDArray[np.bool_] = morphology.skeletonize(mask)
eroded: npt.NDArray[np.bool_] = ndimage.binary_erosion(mask)
middles: npt.NDArray[np.float32] = ndimage.median_filter(image, 3)
distances: npt.NDArray[np.float64] = ndimage.distance_transform_edt(mask)
lab: npt.NDArray[np.float64] = color.rgb2lab(colours)

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

# Numbers, lists and points of each image.
stack: npt.NDArray[np.float32] = np.stack([image, image])
thresholds = voxbind.over(filters.threshold_otsu, "TYX")(stack, nbins=64)
print(thresholds.mean(), (stack > thresholds[:, None, None]).sum())
averages: npt.NDArray[np.float64] = voxbind.over(ndimage.mean, "TYX")(stack, stack > 0.5, [0, 1])
print(averages.shape, voxbind.over(ndimage.mean, "TYX")(stack).shape)
print(voxbind.over(ndimage.center_of_mass, "TYX")(stack)[0].shape)
print(voxbind.over(measure.label, "TYX")(stack > 0.5, return_num=True)[1].max())
print(voxbind.over(ndimage.label, "TYX")(stack > 0.5)[1].max())
similarity, maps = voxbind.over(metrics.structural_similarity, "TYX")(
    stack, stack, data_range=1, full=True
)
print(similarity.shape, maps.shape)
print(len(voxbind.over(measure.find_contours, "TYX")(stack, 0.5)[0][0]))
print(len(voxbind.over(feature.peak_local_max, "TYX")(stack, min_distance=3)[0]))
print(voxbind.over(ndimage.gaussian_filter, "TYX")(stack, 1).dtype)
print(voxbind.over(morphology.medial_axis, "TYX")(stack > 0.5, return_distance=True)[1].max())
