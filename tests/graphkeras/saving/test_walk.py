"""Places of layers in weight files follow Keras's rules (facts checked against files of Keras 3.15.1)."""

import h5py
import numpy as np

from graphkeras.layers.layer import Layer
from graphkeras.random import SeedGenerator
from graphkeras.saving.walk import layers_of, random_sources_of
from graphkeras.saving.weights_h5 import read_weights, write_weights


class Leaf(Layer):
    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.moving = self.add_weight((size,), "zeros", trainable=False, name="moving")
        self.kernel = self.add_weight((size,), "ones", name="kernel")
        self.built = True


class PReLU(Leaf):
    pass


class Tree(Layer):
    def __init__(self):
        super().__init__()
        self._hidden = Leaf()
        self.zeta = Leaf()
        self.branches = [Leaf(), PReLU(), Leaf(), [Leaf(), {"a": Leaf()}]]
        self.alias = self.zeta
        self.named = {"x": Leaf(), "y": PReLU()}
        self.unrelated = [1, "two", None]
        self.seed_generator = SeedGenerator(7)
        self.own = self.add_weight((1,), "ones")
        self.built = True

    @property
    def middle(self):
        return self._hidden


def paths(layer):
    return [part.path for part in layers_of(layer)]


def test_places_are_attribute_names_in_order():
    assert paths(Tree()) == [
        "",
        "alias",
        "branches/leaf",
        "branches/p_re_lu",
        "branches/leaf_1",
        "branches/container/leaf",
        "branches/container/container/leaf",
        "middle",
        "named/leaf",
        "named/p_re_lu",
    ]


def test_seed_generators_have_places_too():
    assert [part.path for part in random_sources_of(Tree())] == ["seed_generator"]


def test_variables_are_numbered_trainable_first_whatever_the_switch_says(tmp_path):
    tree = Tree()
    tree.zeta.trainable = False
    tree.zeta.moving.assign([3.0, 4.0])
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(tree, file)
        np.testing.assert_array_equal(file["alias/vars/0"], [1, 1])
        np.testing.assert_array_equal(file["alias/vars/1"], [3, 4])
        assert file["alias/vars"].attrs["name"] == tree.zeta.name
        assert list(file["vars"]) == ["0"]
        np.testing.assert_array_equal(file["graphkeras/random/seed_generator"], tree.seed_generator.state.numpy())


def test_more_than_ten_variables_are_read_in_the_order_of_their_numbers(tmp_path):
    class Many(Layer):
        def __init__(self):
            super().__init__()
            for k in range(12):
                self.add_weight((1,), "zeros").assign([k])
            self.built = True

    many, other = Many(), Many()
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(many, file)
        for variable in other.weights:
            variable.assign([99])
        read_weights(other, file, "w.h5")
    assert [float(array[0]) for array in other.get_weights()] == list(range(12))


def test_sixteen_bit_floats_keep_their_bits(tmp_path):
    class Half(Layer):
        def __init__(self, value):
            super().__init__(dtype="bfloat16")
            self.add_weight((3,), "zeros").assign(np.array(value))
            self.built = True

    half, other = Half([1.0, 2.5, -3.0]), Half([0.0, 0.0, 0.0])
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(half, file)
        assert file["vars/0"].dtype == np.dtype("V2")
        assert file["vars/0"].attrs["dtype"] == "bfloat16"
        read_weights(other, file, "w.h5")
    np.testing.assert_array_equal(other.get_weights()[0].astype("float32"), [1.0, 2.5, -3.0])


def test_a_layer_may_store_itself(tmp_path):
    class Vocabulary(Layer):
        def __init__(self, words):
            super().__init__()
            self.words, self.built = words, True

        def save_own_variables(self, store):
            store["sizes"] = np.array([len(word) for word in self.words])

        def load_own_variables(self, store):
            self.words = ["?" * size for size in store["sizes"]]

    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_weights(Vocabulary(["a", "bcd"]), file)
        other = Vocabulary([])
        read_weights(other, file, "w.h5")
    assert other.words == ["?", "???"]
