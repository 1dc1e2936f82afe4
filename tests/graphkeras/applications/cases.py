"""The models that are compared with Keras, and what is compared; works on a model of either.

Structure of every model: a checksum of all layers, what feeds them, and the shapes of their weights. Numbers of the smallest
model of each family: predictions with weights that a formula makes.
"""

import hashlib
import json

import numpy as np

#: Entries of layers' configs that decide what a model computes.
COMPARED = frozenset(
    (
        *("filters", "units", "kernel_size", "strides", "padding", "groups", "use_bias", "activation", "axis", "epsilon"),
        *("momentum", "scale", "offset", "center", "rate", "noise_shape", "max_value", "target_shape", "cropping"),
        *("keepdims", "depth_multiplier", "init_values", "batch_shape"),
    )
)

FAMILIES = {
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "resnet": "ResNet50 ResNet101 ResNet152",
    "resnet_v2": "ResNet50V2 ResNet101V2 ResNet152V2",
    "inception_v3": "InceptionV3",
    "inception_resnet_v2": "InceptionResNetV2",
    "xception": "Xception",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3": "MobileNetV3Small MobileNetV3Large",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficientnet": "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 "
    "EfficientNetB7",
    "efficientnet_v2": "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S EfficientNetV2M "
    "EfficientNetV2L",
    "convnext": "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge",
    "nasnet": "NASNetMobile NASNetLarge",
}
NAMES = [name for names in FAMILIES.values() for name in names.split()]

#: Structures that other arguments make: label, model, arguments.
VARIANTS = [
    ("notop", "ResNet50", {"include_top": False}),
    ("notop avg", "ResNet50V2", {"include_top": False, "pooling": "avg"}),
    ("notop max", "DenseNet121", {"include_top": False, "pooling": "max"}),
    ("notop avg", "VGG16", {"include_top": False, "pooling": "avg"}),
    ("notop max", "InceptionV3", {"include_top": False, "pooling": "max"}),
    ("notop avg", "EfficientNetB0", {"include_top": False, "pooling": "avg"}),
    ("notop", "ConvNeXtTiny", {"include_top": False}),
    ("notop avg", "ConvNeXtTiny", {"include_top": False, "pooling": "avg", "include_preprocessing": False}),
    ("notop avg", "NASNetMobile", {"include_top": False, "pooling": "avg"}),
    ("plain", "EfficientNetV2B0", {"include_preprocessing": False, "input_shape": (33, 47, 3)}),
    ("grey", "EfficientNetV2B0", {"input_shape": (64, 64, 1)}),
    ("narrow", "MobileNet", {"alpha": 0.25, "depth_multiplier": 2, "dropout": 0.1, "input_shape": (160, 160, 3)}),
    ("notop", "MobileNet", {"include_top": False}),
    ("odd", "MobileNetV2", {"alpha": 0.35, "input_shape": (97, 50, 3), "classes": 7}),
    ("wide", "MobileNetV2", {"alpha": 1.4, "input_shape": (96, 96, 3), "include_top": False, "pooling": "max"}),
    ("narrow", "MobileNetV3Small", {"alpha": 0.75, "dropout_rate": 0.0, "classifier_activation": None}),
    ("wide", "MobileNetV3Large", {"alpha": 1.25, "input_shape": (75, 64, 3)}),
    ("minimalistic", "MobileNetV3Large", {"minimalistic": True, "include_top": False, "pooling": "avg"}),
]

#: The least image size of the smallest model of each family, for predictions.
SIZES = {
    "VGG16": 32,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "InceptionV3": 75,
    "InceptionResNetV2": 75,
    "Xception": 71,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32,
    "NASNetMobile": 32,
}
#: The arguments with which the addresses of all published files are asked for.
PUBLISHED = [
    *[(name, {}) for name in NAMES],
    *[
        ("MobileNet", {"alpha": alpha, "input_shape": (size, size, 3)})
        for alpha, size in ((0.25, 128), (0.5, 160), (0.75, 192))
    ],
    *[
        ("MobileNetV2", {"alpha": alpha, "input_shape": (size, size, 3)})
        for alpha, size in ((0.35, 96), (0.5, 128), (1.4, 192))
    ],
    *[(f"MobileNetV3{size}", {"alpha": 0.75}) for size in ("Small", "Large")],
    *[(f"MobileNetV3{size}", {"minimalistic": True}) for size in ("Small", "Large")],
]
_SINES = np.sin(np.arange(9973) * 0.37).astype("float32")


def structure(model):
    """For each layer its class, name, sources, weight shapes and what its config says of `COMPARED`."""
    found = []
    for entry in model.get_config()["layers"]:
        config = {key: _plain(value) for key, value in entry["config"].items() if key in COMPARED}
        sources = [name for node in entry["inbound_nodes"] for name in _sources(node["args"])]
        found.append([entry["class_name"], entry["name"], config, sources])
    weights = [[layer.name, [list(weight.shape) for weight in layer.weights]] for layer in model.layers]
    return json.loads(json.dumps([model.name, found, weights]))


def checksum(model):
    return hashlib.sha256(json.dumps(structure(model), sort_keys=True).encode()).hexdigest()


def _plain(value):
    if isinstance(value, dict):
        return value["class_name"]
    if value == "hard_swish":  # the other name of the same function
        return "hard_silu"
    return value


def _sources(node):
    """The names of the layers that a node of a config reads."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            return [node["config"]["keras_history"][0]]
        return [name for value in node.values() for name in _sources(value)]
    if isinstance(node, (list, tuple)):
        return [name for value in node for name in _sources(value)]
    return []


def fill(model):
    """Give every weight numbers by a formula: kernels that keep the size of what they are applied to, factors near 1."""
    index = 0
    for layer in model.layers:
        for weight in layer.weights:
            shape, name = tuple(weight.shape), weight.name
            index += 1
            if not shape:
                continue
            values = np.resize(np.roll(_SINES, 311 * index), shape)
            if len(shape) == 1:
                is_factor = name.startswith(("gamma", "variable", "moving_variance", "variance"))  # Keras names LayerScale's so
                values = 0.1 * values + is_factor
            else:
                fan = np.prod(shape[:-2]) if name == "depthwise_kernel" else np.prod(shape[:-1])
                values = values * np.sqrt(2.0 / fan)
            weight.assign(values.astype("float32"))


def images(size):
    return (127.5 + 127.5 * np.resize(np.roll(_SINES, 5), (2, size, size, 3))).astype("float32")


def small_model(applications, name):
    """The smallest model of a family for small images and ten classes, filled, giving logits."""
    size = SIZES[name]
    model = getattr(applications, name)(weights=None, input_shape=(size, size, 3), classes=10, classifier_activation=None)
    fill(model)
    return model, images(size)
