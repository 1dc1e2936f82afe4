"""`keras.utils.bounding_boxes` gives what real Keras gives, on arrays and in graphs; stored by make_expected_boxes.py."""

from pathlib import Path

import numpy as np
import pytest

import graphkeras as keras
from graphkeras.tracing import StaticFunction
from graphkeras.utils import bounding_boxes
from tests.graphkeras.utils.box_cases import BATCH, CASES, FORMATS, ONE, label

with np.load(Path(__file__).with_name("expected_boxes.npz")) as file:
    EXPECTED = dict(file)


@pytest.mark.parametrize("number", range(len(CASES)), ids=label)
def test_against_keras(number):
    name, arguments, keywords = CASES[number]
    expected = EXPECTED[label(number)]
    function = getattr(bounding_boxes, name)
    found = function(*arguments, **keywords)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
    if name in ("convert_format", "compute_iou", "crop", "pad") and arguments[0].ndim == 2:  # the number of boxes is open
        compiled = StaticFunction(lambda boxes: function(boxes, *arguments[1:], **keywords), "boxes")
        np.testing.assert_allclose(compiled(arguments[0]), expected, rtol=2e-5, atol=2e-5)


def test_clipping():
    found = bounding_boxes.clip_to_image_size({"boxes": ONE - 20, "labels": np.arange(5)}, 30, 40)
    np.testing.assert_allclose(found["boxes"], EXPECTED["clipped-boxes"], rtol=1e-6)
    np.testing.assert_array_equal(found["labels"], EXPECTED["clipped-labels"])
    assert (found["labels"] == -1).any()
    parts = bounding_boxes.clip_to_image_size({"boxes": np.float32([[-0.5, 0.2, 1.5, 0.4]])}, bounding_box_format="rel_xyxy")
    np.testing.assert_allclose(parts["boxes"], [[0, 0.2, 1, 0.4]])


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_there_and_back(source, target):
    sizes = {"height": 60, "width": 80}
    boxes = bounding_boxes.convert_format(BATCH, "xyxy", source, **sizes)
    there = bounding_boxes.convert_format({"boxes": boxes, "labels": 1}, source, target, **sizes)
    assert there["labels"] == 1
    np.testing.assert_allclose(
        bounding_boxes.convert_format(there["boxes"], target, source, **sizes), boxes, rtol=1e-4, atol=1e-5
    )


def test_deltas_lead_back_to_the_boxes():
    options = {"variance": [0.1, 0.1, 0.2, 0.2]}
    deltas = bounding_boxes.encode_box_to_deltas(ONE, ONE[::-1], "xyxy", "xyxy", **options)
    np.testing.assert_allclose(
        bounding_boxes.decode_deltas_to_boxes(ONE, deltas, "xyxy", "xyxy", **options), ONE[::-1], rtol=1e-4
    )
    levels = bounding_boxes.decode_deltas_to_boxes({"a": ONE}, {"a": deltas}, "xyxy", "xyxy", **options)
    np.testing.assert_allclose(levels["a"], ONE[::-1], rtol=1e-4)


def test_the_number_of_boxes():
    layer = keras.layers.MaxNumBoundingBoxes(3, fill_value=-2, name="three")
    data = {"images": np.zeros((2, 4, 4, 3)), "bounding_boxes": {"boxes": BATCH, "labels": np.ones((2, 4), np.int32)}}
    cut = layer(data)
    np.testing.assert_array_equal(cut["bounding_boxes"]["boxes"], BATCH[:, :3])
    more = keras.layers.MaxNumBoundingBoxes.from_config({**layer.get_config(), "max_number": 6})(data)["bounding_boxes"]
    np.testing.assert_array_equal(more["boxes"][:, 4:], np.full((2, 2, 4), -2))
    np.testing.assert_array_equal(more["labels"], [[1, 1, 1, 1, -2, -2]] * 2)
    np.testing.assert_array_equal(layer(BATCH), BATCH)


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ValueError, lambda: bounding_boxes.convert_format(ONE, "xyxy", "xxyy"), "known are xyxy"),
        (ValueError, lambda: bounding_boxes.convert_format(ONE[:, :3], "xyxy", "xywh"), "size 4"),
        (ValueError, lambda: bounding_boxes.convert_format(ONE, "xyxy", "rel_xywh"), "height and width"),
        (ValueError, lambda: bounding_boxes.compute_iou(ONE[0], ONE, "xyxy"), "2 or 3 axes"),
        (ValueError, lambda: bounding_boxes.compute_iou(ONE, ONE, "rel_xyxy"), "needs image_shape"),
        (ValueError, lambda: bounding_boxes.compute_ciou(ONE, ONE, "rel_xyxy"), "needs image_shape"),
        (ValueError, lambda: bounding_boxes.encode_box_to_deltas(ONE, ONE, "xyxy", "xyxy", "xywh"), "center_yxhw"),
        (ValueError, lambda: bounding_boxes.decode_deltas_to_boxes(ONE, ONE, "xyxy", "xyxy", variance=[1]), "four numbers"),
        (ValueError, lambda: bounding_boxes.clip_to_image_size({"boxes": ONE}), "height and width"),
        (NotImplementedError, lambda: bounding_boxes.clip_to_image_size({"boxes": ONE}, 1, 1, "xywh"), "xyxy"),
        (NotImplementedError, lambda: bounding_boxes.crop(ONE, 1, 1, 2, 2, "xywh"), "Convert them first"),
        (ValueError, lambda: keras.layers.MaxNumBoundingBoxes(0), "at least 1"),
    ],
)
def test_errors_teach(error, make, words):
    with pytest.raises(error, match=words):
        make()
