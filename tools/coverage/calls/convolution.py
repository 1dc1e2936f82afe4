"""Calls of convolution and pooling."""

from .call import Call, call, draw

X1, K1 = draw(2, 7, 3), draw(3, 3, 4)
X2, K2 = draw(2, 6, 5, 3), draw(3, 2, 3, 4)
X3, K3 = draw(2, 4, 3, 5, 2), draw(2, 2, 3, 2, 3)
F2 = draw(2, 3, 6, 5)
G2, DEPTH = draw(2, 5, 6, 4), draw(3, 3, 4, 2)
FIRST = "channels_first"

CALLS: list[Call] = [
    call("conv", X1, K1), call("conv", X1, K1, strides=2, padding="same"), call("conv", X1, K1, dilation_rate=2),
    call("conv", X2, K2), call("conv", X2, K2, padding="same"), call("conv", X2, K2, strides=(2, 3), padding="same"),
    call("conv", X2, K2, strides=2), call("conv", X2, K2, dilation_rate=(2, 3), padding="same"),
    call("conv", F2, K2, data_format=FIRST), call("conv", F2, K2, strides=2, padding="same", data_format=FIRST),
    call("conv", X3, K3), call("conv", X3, K3, strides=(2, 1, 2), padding="same"),
    call("conv", G2, draw(3, 3, 2, 6), padding="same"), call("conv", G2, draw(1, 1, 4, 5)), call("conv", G2, draw(1, 1, 4, 5),
         strides=2, padding="same"),
    call("conv", draw(2, 5, 6, 4, dtype="float16"), draw(2, 2, 4, 3, dtype="float16")),
    call("conv", draw(2, 5, 6, 4, low=-3, high=4, dtype="int32"), draw(2, 2, 4, 3)),
    call("depthwise_conv", G2, DEPTH), call("depthwise_conv", G2, DEPTH, strides=2, padding="same"),
    call("depthwise_conv", X1, draw(2, 3, 1), dilation_rate=2), call("depthwise_conv", F2, draw(2, 2, 3, 2), data_format=FIRST),
    call("separable_conv", G2, DEPTH, draw(1, 1, 8, 3), padding="same"),
    call("separable_conv", F2, draw(2, 2, 3, 2), draw(1, 1, 6, 3), strides=2, data_format=FIRST),
    call("separable_conv", X1, draw(2, 3, 2), draw(1, 6, 4)),
    *(call("conv_transpose", X2, draw(3, 2, 4, 3), strides=s, padding=p, output_padding=o, dilation_rate=d)
      for s, p, o, d in ((1, "valid", None, 1), (2, "valid", None, 1), (2, "same", None, 1), ((3, 2), "same", None, 1),
                         (3, "valid", 1, 1), (3, "same", (2, 1), 1), (1, "same", None, 2), (1, "valid", None, (2, 1)),
                         (4, "valid", None, 1), (4, "same", 3, 1))),
    call("conv_transpose", X1, draw(3, 4, 3), strides=2, padding="same"), call("conv_transpose", X3, draw(2, 2, 3, 3, 2)),
    call("conv_transpose", F2, draw(3, 3, 4, 3), strides=2, padding="same", data_format=FIRST),
    call("conv_transpose", X1, draw(1, 4, 3), strides=3),
    call("max_pool", X2, 2, 2), call("max_pool", X2, (2, 3), (1, 2)), call("max_pool", X2, 3, 2, padding="same"),
    call("max_pool", X1, 2, 1), call("max_pool", X3, (2, 1, 3), (2, 1, 2), padding="same"),
    call("max_pool", F2, 2, 2, data_format=FIRST), call("max_pool", draw(2, 5, 4, 3, dtype="float16"), 2, 2, padding="same"),
    call("average_pool", X2, 2, 2), call("average_pool", X2, (2, 3), (1, 2)), call("average_pool", X2, 3, 2, padding="same"),
    call("average_pool", X1, 2, 1), call("average_pool", X3, (2, 1, 3), (2, 1, 2), padding="same"),
    call("average_pool", F2, 3, 2, padding="same", data_format=FIRST),
    call("average_pool", draw(2, 5, 4, 3, low=-9, high=9, dtype="int32"), 2, 2),
    *(call(name, *args, **kwargs)
      for name in ("adaptive_average_pool", "adaptive_max_pool")
      for args, kwargs in (((X1, 3), {}), ((X2, 3), {}), ((X2, (3, 5)), {}), ((X2, (4, 2)), {}),
                           ((F2, (4, 3)), {"data_format": FIRST}), ((X3, (3, 2, 4)), {}))),
    call("depth_to_space", draw(2, 3, 2, 8), 2), call("depth_to_space", draw(2, 18, 3, 2), 3, data_format=FIRST),
    call("space_to_depth", draw(2, 6, 4, 3), 2), call("space_to_depth", draw(2, 3, 6, 3), 3, data_format=FIRST),
    call("unfold", F2, 2), call("unfold", F2, (3, 2), dilation=(1, 2), padding=1, stride=2),
    call("fold", draw(2, 12, 20), (6, 5), 2), call("fold", draw(2, 6, 9), (6, 5), (3, 2), padding=1, stride=2),
]  # fmt: skip
