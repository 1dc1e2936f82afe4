"""docs/user_pains.md is right about which tests hold what."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| .*\| `(\w+)` \| [^|]*\|$", re.MULTILINE)


def test_each_of_the_sixteen_complaints_has_its_tests():
    rows = ROW.findall((ROOT / "docs" / "user_pains.md").read_text())
    assert [int(number) for number, _ in rows] == list(range(1, 17))
    for number, name in rows:
        tests = (Path(__file__).parent / f"test_{name}.py").read_text()
        assert f"def test_{number}_" in tests, f"no test of complaint {number} in test_{name}.py"
