"""Pictures of models."""

import io
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import graphkeras as keras
from graphkeras import layers, utils
from graphkeras.utils.layered_layout import layered

SVG = "{http://www.w3.org/2000/svg}"


def model():
    a = layers.Input((4,), name="start")
    b = layers.Dense(3, activation="relu", name="left<1>")(a)
    c = layers.Dense(3, name="right")(a)
    return keras.Model(a, layers.Add(name="sum")([b, c]), name="two")


def test_dot():
    graph = utils.model_to_dot(model(), show_shapes=True, show_layer_activations=True)
    names = [box.lines[0].split(":")[0] for box in graph.boxes]
    assert sorted(names) == ["left<1>", "right", "start", "sum"]
    found = {(names[a], names[b]) for a, b in graph.arrows}
    assert found == {("start", "left<1>"), ("start", "right"), ("left<1>", "sum"), ("right", "sum")}
    text = graph.to_string()
    assert text.startswith('digraph "two" {') and 'label="left<1>: Dense (relu)\\nshape: (None, 3)"' in text
    assert text.count("->") == 4


@pytest.mark.parametrize(("rankdir", "axis", "sign"), [("TB", "y", 1), ("BT", "y", -1), ("LR", "x", 1), ("RL", "x", -1)])
def test_svg(tmp_path, rankdir, axis, sign):
    utils.plot_model(model(), tmp_path / "m.svg", show_layer_names=True, rankdir=rankdir)
    root = ElementTree.fromstring((tmp_path / "m.svg").read_text())
    places = {text.text.split(":")[0]: float(text.get(axis)) for text in root.iter(f"{SVG}text")}
    assert sign * places["start"] < sign * places["left<1>"] < sign * places["sum"]
    boxes = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in list(root.iter(f"{SVG}rect"))[1:]]
    assert len(boxes) == 4
    for k, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= float(root.get("width")) and y + h <= float(root.get("height"))
        for x2, y2, w2, h2 in boxes[:k]:
            assert x >= x2 + w2 or x2 >= x + w or y >= y2 + h2 or y2 >= y + h
    assert sum(path.get("marker-end") is not None for path in root.iter(f"{SVG}path")) == 4


def test_other_files_and_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ImportError, match=r"Name a .png or .svg file.*'m.png'"):
        utils.plot_model(model(), tmp_path / "m.pdf")
    utils.plot_model(model(), tmp_path / "m.dot")
    assert "Dense" in (tmp_path / "m.dot").read_text()
    chain = keras.Sequential([layers.Input((2,)), layers.Dense(2), layers.Dense(1)])
    assert len(utils.model_to_dot(chain).arrows) == 2
    with pytest.raises(ValueError, match="no layers to draw yet"):
        utils.model_to_dot(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(ValueError, match="rankdir"):
        utils.model_to_dot(chain, rankdir="up")


def test_png(tmp_path):
    for dpi in (96, 192):
        utils.plot_model(model(), tmp_path / f"{dpi}.png", show_shapes=True, dpi=dpi)
    small, large = (Image.open(io.BytesIO((tmp_path / f"{dpi}.png").read_bytes())) for dpi in (96, 192))
    assert abs(large.width - 2 * small.width) <= 2 and round(large.info["dpi"][0]) == 192
    root = ElementTree.fromstring(utils.model_to_dot(model(), show_shapes=True, show_layer_names=False).to_svg())
    assert abs(small.width - float(root.get("width"))) <= 1 and abs(small.height - float(root.get("height"))) <= 1
    box = [float(list(root.iter(f"{SVG}rect"))[1].get(key)) for key in ("x", "y", "width", "height")]
    inside = small.convert("RGB").getpixel((round(box[0] + 4), round(box[1] + box[3] / 2)))
    assert inside == (0xEE, 0xF2, 0xFB) and small.convert("RGB").getpixel((1, 1)) == (255, 255, 255)


def residual(depth=3):
    x = start = layers.Input((8,), name="start")
    for k in range(depth):
        x = layers.Dense(8, name=f"dense_{k}")(x)
    inner_start = layers.Input((8,), name="inner_start")
    inner = keras.Model(inner_start, layers.Dense(8, name="inside")(inner_start), name="inner")
    return keras.Model(start, inner(layers.Add(name="sum")([x, start])), name="residual")


def test_arrows_go_around_the_boxes_between():
    root = ElementTree.fromstring(utils.model_to_dot(residual()).to_svg())
    boxes = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in list(root.iter(f"{SVG}rect"))[1:]]
    ways = [path.get("d")[1:].split("L") for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(ways) == 6 and max(map(len, ways)) > 2
    for way in ways:
        points = [tuple(map(float, point.split())) for point in way]
        for (x1, y1), (x2, y2) in pairwise(points):
            for t in np.linspace(0.05, 0.95, 19):
                px, py = x1 + t * (x2 - x1), y1 + t * (y2 - y1)
                assert not any(x + 1 < px < x + w - 1 and y + 1 < py < y + h - 1 for x, y, w, h in boxes)


def test_nested_models_are_frames_around_their_layers():
    whole = utils.model_to_dot(residual())
    assert all(box.inside is None for box in whole.boxes)
    frame = utils.model_to_dot(residual(), expand_nested=True)
    (nested,) = [box for box in frame.boxes if box.inside is not None]
    assert nested.lines[0].startswith("inner") and [box.lines[0] for box in nested.inside.boxes] == [
        "inner_start: InputLayer",
        "inside: Dense",
    ]
    assert "subgraph cluster_" in frame.to_string()
    root = ElementTree.fromstring(frame.to_svg())
    boxes = [[float(box.get(key)) for key in ("x", "y", "width", "height")] for box in list(root.iter(f"{SVG}rect"))[1:]]
    outer = max(boxes, key=lambda box: box[3])
    held = [box for box in boxes if box is not outer and outer[0] < box[0] and outer[1] < box[1] < outer[1] + outer[3]]
    assert len(held) == 2 and all(box[0] + box[2] < outer[0] + outer[2] for box in held)


def test_crossings_are_avoided():
    """Two chains that come in the opposite order of their ends."""
    sizes = [(40.0, 20.0)] * 6
    layout = layered(sizes, [(0, 3), (1, 2), (3, 5), (2, 4)])
    x = [center[0] for center in layout.centers]
    assert (x[0] - x[1]) * (x[3] - x[2]) > 0 and (x[3] - x[2]) * (x[5] - x[4]) > 0
    assert layered([], []).size == (0.0, 0.0) and len(layered(sizes, []).centers) == 6
