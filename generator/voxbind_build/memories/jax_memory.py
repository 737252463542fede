"""JAX arrays. No wrapped library uses them, so nothing is measured in this memory."""

from __future__ import annotations

from voxbind_build.memories.interface import Examination

EXAMINATIONS = (
    Examination(
        place="jax (CPU)",
        kind="memory",
        distributions=("jax",),
        ask="""
import json, jax
device = jax.numpy.zeros(1, device=jax.devices("cpu")[0]).device
bits = 64 if jax.config.jax_enable_x64 else 32
print(json.dumps({"usable": True, "detail": f"{device}, numbers of {bits} bits"}))
""",
        install="pip install 'voxbind[jax]'",
        repair="pip install --force-reinstall jax",
    ),
)
