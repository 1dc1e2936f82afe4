import pytest

from graphkeras.compiler.dims import Dim, bind_shape, match_shape, parse_dim, size_of

batch, seq = Dim.symbol("batch"), Dim.symbol("seq")


def test_equal_expressions_are_equal():
    assert batch + seq == seq + batch
    assert hash(2 * batch + batch) == hash(3 * batch)
    assert (batch + 1) * (batch - 1) == batch * batch - 1
    assert batch - batch == 0
    assert isinstance(batch - batch, int)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (batch, "batch"),
        (2 * seq, "2*seq"),
        (batch * seq + 1, "batch*seq + 1"),
        (1 - batch, "-batch + 1"),
        ((seq - 3) // 2 + 1, "(seq - 3)//2 + 1"),
        (10 * batch * batch - 4 * batch, "10*batch*batch - 4*batch"),
    ],
)
def test_text_parses_back(dim, text):
    assert str(dim) == text
    assert parse_dim(text) == dim


def test_division():
    assert (10 * batch) // batch == 10
    assert (6 * batch * seq + 3 * batch) // (3 * batch) == 2 * seq + 1
    assert (seq // 2).bind({"seq": 7}) == 3
    assert (seq % 2).bind({"seq": 7}) == 1
    with pytest.raises(ValueError, match="not known to be exact"):
        seq // batch
    with pytest.raises(ZeroDivisionError):
        seq // 0


def test_binding():
    assert bind_shape((batch, 2 * seq, 3), {"batch": 4, "seq": 5}) == (4, 10, 3)
    assert bind_shape((batch, 2 * seq), {"batch": 4}) == (4, 2 * seq)
    assert size_of((batch, 784)) == 784 * batch


def test_matching_binds_symbols_once():
    bindings = {}
    assert match_shape((batch, seq, 3), (2, 5, 3), bindings)
    assert bindings == {"batch": 2, "seq": 5}
    assert not match_shape((batch,), (3,), bindings)
    assert not match_shape((batch, 1), (2,), {})
    assert match_shape((batch, 2 * batch), (2, 4), {})
    assert not match_shape((batch, 2 * batch), (2, 5), {})


@pytest.mark.parametrize("text", ["batch +", "f(x)", "1.5", "a & b", "a[0]"])
def test_what_is_not_a_dimension_is_refused(text):
    with pytest.raises(ValueError, match="is not a dimension"):
        parse_dim(text)


def test_a_symbol_is_no_number():
    with pytest.raises(TypeError, match="symbolic"):
        range(batch)
