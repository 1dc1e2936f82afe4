"""Texts of graphs: what is wrong is said with its line, whatever is wrong."""

import random

import pytest

from graphkeras.compiler.parser import ParseError, parse_graph
from graphkeras.compiler.verify import verify_structure
from tests.compiler.random_graphs import random_graph
from tests.compiler.training_steps import mlp_step

GOOD = """graph g(x: float32[batch,3]) -> (y):
  state w: float32[3] -> v1  # layer/w
  v0: float32[batch,3] = multiply(x, w)  # layer | train.py:3
  v1: float32[3] = sum(v0, axis=(0,), keepdims=False)
  return v0"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("float32[batch,3]) ->", "float33[batch,3]) ->", "Line 1: Unknown dtype 'float33'"),
        ("x: float32[batch,3])", "x: float32[batch,+])", "Line 1: '\\+' is not a dimension"),
        ("(y):", "(y, z):", "Line 1 names 2 outputs, but 1 values are returned"),
        ("-> v1  #", "-> v9  #", "The new value of a state: there is no value 'v9'"),
        ("state w:", "state x:", "Line 2: there is a value 'x' already"),
        ("  v1: float32[3] =", "  v0: float32[3] =", "Line 4: there is a value 'v0' already"),
        ("multiply(x, w)", "multiply(x)", "Line 3: multiply takes 2 operands, got 1"),
        ("multiply(x, w)", "matmul(x, w)", "Line 3: matmul"),
        ("v1: float32[3] = sum", "v1: float32[4] = sum", "Line 4: sum gives float32\\[3\\], but the text says float32\\[4\\]"),
        (", keepdims=False", "", "Line 4: .*keepdims"),
        ("axis=(0,)", "axis=(0", "Line 4: "),
        ("multiply(x, w)", "multiply x, w", "Line 3: expected 'result: type = op"),
        ("state w: float32[3]", "state w float32[3]", "Line 2: expected 'state name: type"),
    ],
)
def test_a_wrong_line_is_named(old, new, message):
    parse_graph(GOOD)
    assert GOOD.count(old) == 1
    with pytest.raises(ParseError, match=message):
        parse_graph(GOOD.replace(old, new))


@pytest.mark.parametrize("step", [{}, {"normalized": True}, {"clipped_softmax": True}])
def test_training_steps_come_back(step):
    graph = mlp_step((6, 5, 4), **step)
    again = parse_graph(str(graph))
    verify_structure(again, "parsing")
    assert str(again) == str(graph)
    assert [slot.name for slot in again.state] == [slot.name for slot in graph.state]
    assert again.nodes[0].origin.scope == graph.nodes[0].origin.scope


def test_damaged_texts_are_refused_or_are_graphs():
    """Whatever is changed in a text, the parser names a line or returns a graph that is sound."""
    rng, refused = random.Random(0), 0
    for seed in range(40):
        text = str(random_graph(seed, 8, "float32"))
        for _ in range(15):
            damaged = damage(text, rng)
            try:
                verify_structure(parse_graph(damaged), "parsing")
            except ParseError:
                refused += 1
    assert refused > 300


def damage(text: str, rng: random.Random) -> str:
    start = rng.randrange(len(text))
    lines = text.splitlines()
    return rng.choice(
        [
            text[:start] + text[start + rng.randint(1, 5) :],
            text[:start] + rng.choice("()[]{},:=0 9x#-") + text[start:],
            text[:start],
            "\n".join(rng.sample(lines, len(lines))),
            "\n".join(line for number, line in enumerate(lines) if number != start % len(lines)),
        ]
    )
