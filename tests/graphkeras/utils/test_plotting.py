"""Pictures of models."""

from xml.etree import ElementTree

import pytest

import graphkeras as keras
from graphkeras import layers, utils

SVG = "{http://www.w3.org/2000/svg}"


def model():
    a = layers.Input((4,), name="start")
    b = layers.Dense(3, activation="relu", name="left<1>")(a)
    c = layers.Dense(3, name="right")(a)
    return keras.Model(a, layers.Add(name="sum")([b, c]), name="two")


def test_dot():
    graph = utils.model_to_dot(model(), show_shapes=True, show_layer_activations=True)
    names = [lines[0].split(":")[0] for lines in graph.boxes]
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
    with pytest.raises(ImportError, match=r"Name a .svg file.*'m.svg'"):
        utils.plot_model(model(), tmp_path / "m.png")
    utils.plot_model(model(), tmp_path / "m.dot")
    assert "Dense" in (tmp_path / "m.dot").read_text()
    chain = keras.Sequential([layers.Input((2,)), layers.Dense(2), layers.Dense(1)])
    assert len(utils.model_to_dot(chain).arrows) == 2
    with pytest.raises(ValueError, match="no layers to draw yet"):
        utils.model_to_dot(keras.Sequential([layers.Dense(2)]))
    with pytest.raises(ValueError, match="rankdir"):
        utils.model_to_dot(chain, rankdir="up")
    with pytest.raises(ValueError, match="one box"):
        utils.model_to_dot(chain, expand_nested=True)
