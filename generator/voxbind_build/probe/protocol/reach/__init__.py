"""How far functions look: `measure_reach` crops images, and compares what becomes of the rest."""

from voxbind_build.probe.protocol.reach.trials import measure_reach

__all__ = ["measure_reach"]
