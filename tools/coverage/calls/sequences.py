"""Calls: differences, areas, correlations, polynomials, distances, windows, layouts, derivatives along a direction."""

from .call import COUNTS, FLAGS, INTEGERS, POSITIVE, ROW, A, B, Call, Given, M, call, draw

IMAGES = draw(2, 4, 6, 3)

CALLS: list[Call] = [
    call("diff", A), call("diff", A, 2, 1), call("diff", INTEGERS), call("diff", FLAGS), call("diff", ROW, n=0),
    call("diff", A, axis=0),
    call("trapezoid", A), call("trapezoid", A, dx=0.5, axis=1), call("trapezoid", A, ROW), call("trapezoid", INTEGERS, axis=0),
    call("trapezoid", A, B, axis=0), call("trapezoid", A, draw(3), axis=1),
    call("vander", ROW), call("vander", ROW, 3), call("vander", ROW, N=4, increasing=True), call("vander", INTEGERS[0]),
    *(call("correlate", x, y, mode) for x, y in ((draw(7), draw(3)), (draw(3), draw(7)), (draw(6), draw(4)), (draw(4), draw(4)))
      for mode in ("valid", "same", "full")),
    call("correlate", draw(4), draw(7), mode="same"), call("correlate", INTEGERS[0], COUNTS[0], mode="full"),
    call("corrcoef", M), call("corrcoef", ROW), call("corrcoef", INTEGERS), call("cdist", M, draw(5, 4)), call("cdist", A, B),
    call("cdist", A, draw(4, 5)), call("kron", M, draw(2, 3)), call("kron", ROW, M), call("kron", A, COUNTS),
    call("kron", COUNTS, 2),
    call("geomspace", 1.0, 1000.0, 4), call("geomspace", 2, 512, num=5, endpoint=False), call("geomspace", -1.0, -8.0, num=4),
    call("geomspace", POSITIVE[0], POSITIVE[1], num=3, axis=-1), call("geomspace", 1.0, 5.0, num=1),
    call("geomspace", 1, 81, 5, dtype="float16"),
    *(call(name, length) for name in ("bartlett", "blackman", "hamming", "hanning") for length in (1, 2, 9)),
    call("kaiser", 7, 3.0), call("kaiser", 8, 12.0),
    call("rearrange", IMAGES, "b h w c -> b c h w"), call("rearrange", IMAGES, "b h w c -> h (b w) c"),
    call("rearrange", IMAGES, "b (h1 h) (w1 w) c -> (b h1 w1) h w c", h1=2, w1=3), call("rearrange", M, "a b -> (b a)"),
    call("rearrange", IMAGES, "b (h p) (w q) c -> b h w (c p q)", p=2, q=2),
    call("view", INTEGERS, dtype="float32", eager=True), call("view", A), call("view", draw(2, 4), "int32", eager=True),
    call("jvp", Given(lambda keras: keras.ops.sin), (A,), (B,)),
    call("jvp", Given(lambda keras: keras.ops.tanh), (0.1,), (0.2,)),
    call("jvp", Given(lambda keras: lambda x, y: (keras.ops.matmul(x, y), keras.ops.sum(x))), (M, draw(4, 2)),
         (draw(3, 4, seed=1), draw(4, 2, seed=1))),
    call("jvp", Given(lambda keras: lambda x: (keras.ops.exp(x) * x, keras.ops.sum(x))), (A,), (B,), has_aux=True),
]  # fmt: skip
