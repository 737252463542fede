"""The types of parameters and results that were observed in calls."""

from __future__ import annotations

from voxbind_build.classify.contract_facts import takes_images
from voxbind_build.classify.contract_rules import contract
from voxbind_build.classify.parameter_types import accepted
from voxbind_build.classify.result_rules import result_kind, stacks
from voxbind_build.classify.return_types import result_type
from voxbind_build.classify.slice_types import with_slices
from voxbind_build.model import SLICE_BY_SLICE, Description, Observation, TypeFindings

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
    decided = contract(observation).contract if takes_images(observation) else None
    if takes_images(observation) and decided is None:
        return TypeFindings(parameters=parameters)  # other calls may return other types
    result = result_type(description, observation)
    is_option = decided == "FLEXIBLE" and all(
        parameter.name != SLICE_BY_SLICE for parameter in description.parameters
    )
    if is_option and stacks(result_kind(description, observation, decided).kind):
        result = with_slices(result, description)
    return TypeFindings(returns=result.annotation, forms=result.forms, parameters=parameters)
