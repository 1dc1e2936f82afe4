import random

from hypothesis import given
from hypothesis import strategies as st

from graphkeras.compiler.indexing import IndexExpr, Quotient, Remainder, flatten_index, number, unflatten_index, variable

I, J, K = variable("i", 7), variable("j", 5), variable("k", 12)


def evaluate(expression: IndexExpr, **values: int) -> int:
    return eval(str(expression), {}, values)


def test_views_cost_nothing():
    assert (I * 5 + J) // 5 == I
    assert (I * 5 + J) % 5 == J
    assert ((K // 3) * 3 + K % 3) == K
    assert (K // 3) // 2 == K // 6
    assert (K % 6) % 3 == K % 3
    assert unflatten_index(flatten_index((I, J), (7, 5)), (7, 5)) == (I, J)
    assert flatten_index(unflatten_index(I * 5 + J, (5, 7)), (5, 7)) == I * 5 + J
    assert variable("one", 1) == number(0)


def test_coefficients_tell_strides():
    assert (I * 5 + J).coefficient("i") == 5
    assert (I * 5 + J).coefficient("k") == 0
    assert (K // 3).coefficient("k") is None


def test_text_is_python():
    assert str(I) == "i"
    assert str(I * 5 + J + 2) == "(i * 5 + j + 2)"
    assert str(K // 3) == "(k // 3)"
    assert str(number(4)) == "4"


@st.composite
def expressions(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([I, J, K, number(draw(st.integers(0, 9)))]))
    inner = draw(expressions(depth=depth - 1))
    match draw(st.sampled_from(["add", "mul", "div", "mod"])):
        case "add":
            return inner + draw(expressions(depth=depth - 1))
        case "mul":
            return inner * draw(st.integers(0, 6))
        case "div":
            return inner // draw(st.integers(1, 6))
    return inner % draw(st.integers(1, 6))


@given(expressions(), st.integers(0, 6), st.integers(0, 4), st.integers(0, 11), st.integers(1, 9))
def test_simplification_keeps_the_value(expression, i, j, k, n):
    values = {"i": i, "j": j, "k": k}
    value = evaluate(expression, **values)
    assert evaluate(expression // n, **values) == value // n
    assert evaluate(expression % n, **values) == value % n
    assert evaluate(expression * n + expression, **values) == value * (n + 1)
    low, high = expression.bounds
    assert low <= value <= high


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.randoms())
def test_reshape_is_exact(shape, rng: random.Random):
    size = 1
    for dim in shape:
        size *= dim
    position = variable("p", size)
    index = unflatten_index(position, shape)
    p = rng.randrange(size)
    digits = [evaluate(expression, p=p) for expression in index]
    assert all(0 <= digit < dim for digit, dim in zip(digits, shape, strict=True))
    assert flatten_index(index, shape) == position


def test_what_is_divided_is_never_negative_because_kernels_round_to_zero() -> None:
    """From the gradient of a convolution whose result is seen in another shape: a bug read before the buffer."""
    column, tap, row = variable("column", 5), variable("tap", 9), variable("row", 7)
    position = column + tap * -1 + row * 3
    for part in (position // 3, position % 3):
        inner = [atom.inner for atom, _ in part.terms if isinstance(atom, (Quotient, Remainder))]
        assert inner and all(one.bounds[0] >= 0 for one in inner), str(part)
