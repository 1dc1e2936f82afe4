"""Calls of keras.utils.bounding_boxes that are compared with real Keras: function, arguments, keywords."""

import numpy as np

FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"]


def boxes(*shape, seed=0):
    """Corners inside of an image of 60 by 80."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, [50, 40], (*shape, 2))
    return np.concatenate([corner, corner + rng.uniform(1, [30, 20], (*shape, 2))], -1).astype(np.float32)


ONE, OTHER, BATCH = boxes(5), boxes(3, seed=1), boxes(2, 4, seed=2)
PARTS = (ONE / np.float32([80, 60, 80, 60])).astype(np.float32)
ABSENT = np.concatenate([OTHER, np.full((1, 4), -1, np.float32)])
DELTAS = np.random.default_rng(3).normal(0, 0.3, (5, 4)).astype(np.float32)
ANGLES = {name: np.float32([a, b]) for name, a, b in (("angle", 0, 30), ("shear_x", 10, -5), ("shear_y", 0, 8))}
MOVES = {name: np.float32([a, b]) for name, a, b in (("translate_x", 0, 0.1), ("translate_y", 0.2, 0), ("scale", 1, 1.3))}

CASES = [
    *(("convert_format", (ONE, "xyxy", target), {"height": 60, "width": 80}) for target in FORMATS),
    *(("convert_format", (PARTS, source, "xywh"), {"height": 60, "width": 80}) for source in FORMATS),
    ("convert_format", (BATCH, "rel_xywh", "rel_center_xywh"), {"height": 60, "width": 80}),
    ("convert_format", (BATCH.astype(np.int32), "XYXY", "yxyx"), {"dtype": "float16"}),
    ("compute_iou", (ONE, OTHER, "xyxy"), {}),
    ("compute_iou", (BATCH, OTHER, "xywh"), {}),
    ("compute_iou", (BATCH, BATCH[:, ::-1], "center_xywh"), {}),
    ("compute_iou", (ONE, ABSENT, "xyxy"), {"use_masking": True, "mask_val": -7}),
    ("compute_iou", (PARTS, PARTS[::-1], "rel_yxyx"), {"image_shape": (60, 80, 3)}),
    ("compute_ciou", (ONE, ONE[::-1], "xyxy"), {}),
    ("compute_ciou", (BATCH, BATCH[:, ::-1], "center_xywh"), {}),
    ("encode_box_to_deltas", (ONE, ONE[::-1], "xyxy", "xyxy"), {}),
    ("encode_box_to_deltas", (ONE, PARTS, "xywh", "rel_xyxy"), {"image_shape": (60, 80, 3), "encoding_format": "center_xywh"}),
    ("encode_box_to_deltas", (ONE, ONE[::-1], "xyxy", "xyxy"), {"variance": [0.1, 0.1, 0.2, 0.2]}),
    ("decode_deltas_to_boxes", (ONE, DELTAS, "xyxy", "xywh"), {}),
    (
        "decode_deltas_to_boxes",
        (ONE, DELTAS, "xyxy", "rel_xyxy"),
        {"image_shape": (60, 80, 3), "variance": [0.1, 0.1, 0.2, 0.2]},
    ),
    ("crop", (ONE, 5, 10, 30, 40), {}),
    ("pad", (ONE, 5, 10), {}),
    ("affine_transform", (BATCH,), {**ANGLES, **MOVES, "height": 60, "width": 80}),
    ("affine_transform", (BATCH,), {**ANGLES, **MOVES, "height": 60, "width": 80, "center_x": 0.2, "center_y": 0.9}),
]


def label(number):
    name, arguments, keywords = CASES[number]
    words = [argument for argument in (*arguments, *keywords) if isinstance(argument, str)]
    return f"{number}-{name}-{'-'.join(words)}"
