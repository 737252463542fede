"""The types of parameters and results that were observed in calls."""

from __future__ import annotations

from voxbind_build.classify.contract_rules import contract
from voxbind_build.classify.parameter_types import accepted
from voxbind_build.classify.return_types import result_type
from voxbind_build.model import Description, Observation, TypeFindings

__all__ = ["find_types"]


def find_types(description: Description, observation: Observation) -> TypeFindings:
    """Return the types that an observation adds to the documented ones.

    Parameters
    ----------
    description
        The documented types.
    observation
        The calls of the function.
    """
    parameters = accepted(description, observation)
    if observation.image and contract(observation).contract is None:
        return TypeFindings(parameters=parameters)  # other calls may return other types
    result = result_type(description, observation)
    return TypeFindings(returns=result.annotation, forms=result.forms, parameters=parameters)
