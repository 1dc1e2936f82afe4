"""Bending images: each pixel of the result is read from a place of the image that need not be a pixel."""

from __future__ import annotations

from typing import Any

from graphkeras.compiler.dims import size_of
from graphkeras.compiler.registry import ops
from graphkeras.compiler.types import FLOATS, shape_text

from ...config import floatx
from ...operation import operation
from ...random.draws import RandomOperation
from ..operands import Tensor, cast, dtype_of, ndim_of, shape_of, tensor
from .filters import gaussian_blur
from .frame import Frame, framed, require_choice, require_float, split_planes
from .sampling import FILL_MODES, ramp, sample

_ORDERS = {"nearest": 0, "bilinear": 1}


@operation
def map_coordinates(inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0) -> Any:
    """The elements of `inputs` at `coordinates`, which may lie between them: y[...] = inputs[coordinates[:, ...]]

    Args:
        coordinates: (axes of inputs, ...).
        order: 0 takes the nearest element, 1 mixes the neighbors linearly.
        fill_mode: what lies outside of the elements a b c d: "constant" ``k k k | a b c d | k k k`` with k = `fill_value`,
            "nearest" ``a a a | a b c d | d d d``, "wrap" ``b c d | a b c d | a b c``, "mirror" ``d c b | a b c d | c b a``,
            "reflect" ``c b a | a b c d | d c b``.

    Raises:
        ValueError: for coordinates of a wrong shape, another order or fill mode.
    """
    name = "ops.image.map_coordinates"
    inputs, coordinates = tensor(inputs), _as_places(tensor(coordinates))
    if ndim_of(coordinates) < 2 or shape_of(coordinates)[0] != ndim_of(inputs):
        raise ValueError(
            f"{name}: coordinates must have shape ({ndim_of(inputs)}, ...), a number for each axis of inputs "
            f"{shape_text(shape_of(inputs))}, and at least 2 axes, got {shape_text(shape_of(coordinates))}."
        )
    if order not in (0, 1):
        raise ValueError(f"{name}: order must be 0 or 1, got {order!r}.")
    require_choice(fill_mode, "fill_mode", FILL_MODES, name)
    sizes, places = shape_of(inputs), shape_of(coordinates)[1:]
    plane = ops.reshape(inputs, shape=(1, 1, size_of(sizes)))
    flat = ops.reshape(coordinates, shape=(len(sizes), 1, size_of(places)))
    return ops.reshape(sample(plane, sizes, _unstacked(flat), order, fill_mode, fill_value), shape=places)


@operation
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images whose pixel (x, y) is that of the image at (a0 x + a1 y + a2, b0 x + b1 y + b2)

    Args:
        transform: (8,) for all images or (batch, 8): a0, a1, a2, b0, b1, b2, c0, c1; c0 and c1 are taken for 0.
        interpolation: "nearest" or "bilinear".
        fill_mode, fill_value: as in `map_coordinates`.

    Raises:
        ValueError: for a transform of a wrong shape, an unknown interpolation or fill mode.
    """
    images, frame = framed(images, data_format, "ops.image.affine_transform")
    require_choice(interpolation, "interpolation", tuple(_ORDERS), frame.name)
    require_choice(fill_mode, "fill_mode", FILL_MODES, frame.name)
    transform = _as_places(tensor(transform))
    if ndim_of(transform) not in (1, 2) or shape_of(transform)[-1] != 8:
        raise ValueError(f"{frame.name}: transform must have shape (8,) or (batch, 8), got {shape_text(shape_of(transform))}.")
    if ndim_of(transform) == 1:
        transform = ops.expand_dims(transform, axis=(0,))
    a0, a1, a2, b0, b1, b2, *_ = _columns(transform)
    x, y = _pixels(images, frame, dtype_of(transform))
    return _warped(images, frame, y * b1 + x * b0 + b2, y * a1 + x * a0 + a2, interpolation, fill_mode, fill_value)


@operation
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images seen from another side: what was at the four `start_points` is at the four `end_points`.

    Args:
        start_points, end_points: (4, 2) for all images or (batch, 4, 2), points as (x, y), no three of them on a line.
        interpolation: "nearest" or "bilinear".
        fill_value: what comes from outside of the image.

    Raises:
        ValueError: for points of a wrong shape, or an unknown interpolation.
    """
    images, frame = framed(images, data_format, "ops.image.perspective_transform")
    require_choice(interpolation, "interpolation", tuple(_ORDERS), frame.name)
    start, end = tensor(start_points), tensor(end_points)
    if shape_of(start) != shape_of(end) or ndim_of(start) not in (2, 3) or shape_of(start)[-2:] != (4, 2):
        raise ValueError(
            f"{frame.name}: start_points and end_points must both have shape (4, 2) or (batch, 4, 2), got "
            f"{shape_text(shape_of(start))} and {shape_text(shape_of(end))}."
        )
    if ndim_of(start) == 2:
        start, end = ops.expand_dims(start, axis=(0,)), ops.expand_dims(end, axis=(0,))
    dtype = "float64" if dtype_of(start) == "float64" else "float32"
    h = [[cast(part, dtype) for part in row] for row in _homography(start, end)]
    x, y = _pixels(images, frame, dtype)
    depth = x * h[2][0] + y * h[2][1] + 1.0
    from_x = (x * h[0][0] + y * h[0][1] + h[0][2]) / depth
    from_y = (x * h[1][0] + y * h[1][1] + h[1][2]) / depth
    return _warped(images, frame, from_y, from_x, interpolation, "constant", fill_value)


def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Images bent by smooth random shifts (Simard, Steinkraus and Platt 2003).

    Args:
        alpha: how strong the shifts are.
        sigma: how smooth they are: the standard deviation, in pixels, of the blur over random numbers.
        interpolation: "nearest" or "bilinear".
        fill_mode, fill_value: as in `map_coordinates`.
        seed: an integer, a `SeedGenerator`, or None for the global generator.

    Raises:
        ValueError: for integer images, an unknown interpolation or fill mode.
    """
    reach = int(6 * sigma) | 1
    return bent(seed, images, float(alpha), float(sigma), reach, interpolation, fill_mode, fill_value, data_format)


def _bent_body(
    key: Any,
    images: Any,
    alpha: Any,
    sigma: Any,
    reach: int,
    interpolation: str,
    fill_mode: str,
    fill_value: Any,
    data_format: Any,
) -> Any:
    """`alpha` and `sigma` may be tensors; `reach` is how many random numbers each shift is made of, along an axis."""
    images, frame = framed(images, data_format, "ops.image.elastic_transform")
    require_choice(interpolation, "interpolation", tuple(_ORDERS), frame.name)
    require_choice(fill_mode, "fill_mode", FILL_MODES, frame.name)
    require_float(images, frame.name)
    height, width = frame.sizes(images)
    batch = shape_of(images)[0] if frame.batched else 1
    noise = cast(ops.random_normal(tensor(key), shape=(batch, height, width, 2), dtype="float32"), "float32") * sigma
    spread = sigma if isinstance(sigma, float) else ops.reshape(sigma, shape=(1,))
    spreads = (spread, spread) if isinstance(spread, float) else ops.concatenate(spread, spread, axis=0)
    shifts = gaussian_blur.body(noise, (reach, reach), spreads, "channels_last") * alpha
    right, down = (ops.squeeze(part, axis=(1,)) for part in split_planes(Frame(True, True, frame.name).planes(shifts)))
    x, y = _pixels(images, frame, "float32")
    return _warped(images, frame, y + down, x + right, interpolation, fill_mode, fill_value)


#: What `elastic_transform` calls, and the layer RandomElasticTransform, which draws alpha and sigma.
bent = RandomOperation(_bent_body, "random_elastic_transform")


def _as_places(x: Tensor) -> Tensor:
    """In a float dtype of at least 32 bits."""
    dtype = dtype_of(x)
    return cast(x, floatx() if dtype not in FLOATS else "float32") if dtype not in ("float32", "float64") else x


def _unstacked(x: Tensor) -> list[Tensor]:
    """The parts of `x` along its first axis."""
    shape = shape_of(x)
    ones = (1,) * len(shape)
    return [
        ops.squeeze(ops.slice(x, starts=(k, *[0] * (len(shape) - 1)), stops=(k + 1, *shape[1:]), steps=ones), axis=(0,))
        for k in range(shape[0])
    ]


def _columns(x: Tensor) -> list[Tensor]:
    """The columns of (batch, n), each as (batch, 1, 1)."""
    batch, count = shape_of(x)
    columns = (ops.slice(x, starts=(0, k), stops=(batch, k + 1), steps=(1, 1)) for k in range(count))
    return [ops.expand_dims(column, axis=(2,)) for column in columns]


def _pixels(images: Tensor, frame: Frame, dtype: str) -> tuple[Tensor, Tensor]:
    """The x (width) and y (height, 1) of all pixels."""
    height, width = frame.sizes(images)
    return ramp(width, dtype), ops.expand_dims(ramp(height, dtype), axis=(1,))


def _warped(images: Tensor, frame: Frame, y: Tensor, x: Tensor, interpolation: str, fill_mode: str, fill_value: Any) -> Tensor:
    """Images whose pixels are read at (y, x), each (batch or 1, height, width)."""
    planes = frame.planes(images)
    batch, channels, height, width = shape_of(planes)
    flat = ops.reshape(planes, shape=(batch, channels, height * width))
    places = [ops.reshape(part, shape=(shape_of(part)[0], height * width)) for part in (y, x)]
    found = sample(flat, (height, width), places, _ORDERS[interpolation], fill_mode, fill_value)
    return frame.from_planes(ops.reshape(found, shape=(batch, channels, height, width)))


def _homography(start: Tensor, end: Tensor) -> list[list[Tensor]]:
    """The matrix (rows of (batch, 1, 1), the last number 1) that takes the end points to the start points.

    In float64: a way over the unit square, whose formulas need no solver (Heckbert 1989).
    """
    from_square = _square_to(start)
    to_square = _adjugate(_square_to(end))
    h = [[sum(from_square[r][k] * to_square[k][c] for k in range(3)) for c in range(3)] for r in range(3)]
    return [[part / h[2][2] for part in row] for row in h]


def _square_to(points: Tensor) -> list[list[Tensor]]:
    """The matrix that takes (0, 0), (1, 0), (0, 1), (1, 1) to the four points."""
    batch = shape_of(points)[0]
    flat = cast(ops.reshape(points, shape=(batch, 8)), "float64")
    ax, ay, bx, by, dx, dy, cx, cy = _columns(flat)
    b_c, d_c, bend = (bx - cx, by - cy), (dx - cx, dy - cy), (ax - bx + cx - dx, ay - by + cy - dy)
    area = b_c[0] * d_c[1] - d_c[0] * b_c[1]
    g = (bend[0] * d_c[1] - d_c[0] * bend[1]) / area
    h = (b_c[0] * bend[1] - bend[0] * b_c[1]) / area
    return [[bx - ax + g * bx, dx - ax + h * dx, ax], [by - ay + g * by, dy - ay + h * dy, ay], [g, h, ax * 0.0 + 1.0]]


def _adjugate(m: list[list[Tensor]]) -> list[list[Tensor]]:
    """The inverse times the determinant."""

    def minor(r: int, c: int) -> Tensor:
        (a, b), (d, e) = ([m[i][j] for j in range(3) if j != c] for i in range(3) if i != r)
        found = a * e - b * d
        return found if (r + c) % 2 == 0 else -found

    return [[minor(c, r) for c in range(3)] for r in range(3)]
