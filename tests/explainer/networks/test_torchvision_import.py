"""PyTorch's compiler is loaded by whoever uses it."""

from tests.running import python

ANSWER = """
import sys
import explainer
from explainer.networks.torchvision_import import stand_in
assert "torchvision" in sys.modules
assert not [name for name in sys.modules if name.startswith("torch._dynamo")]
from torchvision.ops.roi_align import is_compile_supported
answers = [is_compile_supported(device) for device in ("cpu", "cuda", "meta")]
from torch._dynamo import utils
assert utils is sys.modules["torch._dynamo.utils"]
assert answers == [utils.is_compile_supported(device) for device in ("cpu", "cuda", "meta")]
assert stand_in.counters is utils.counters
print(answers[0])
"""


def test_explaining_loads_no_compiler_and_torchvision_asks_the_real_one() -> None:
    done = python("-c", ANSWER)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
