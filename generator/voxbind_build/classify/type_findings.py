"""What calls showed of a function's types: those of its parameters, and of its result."""

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
        The types that are documented.
    observation
        The calls that were made.
    """
    parameters = accepted(description, observation)
    if observation.image and contract(observation).contract is None:
        return TypeFindings(parameters=parameters)  # the calls that returned are not all of them
    result = result_type(description, observation)
    return TypeFindings(returns=result.annotation, forms=result.forms, parameters=parameters)
