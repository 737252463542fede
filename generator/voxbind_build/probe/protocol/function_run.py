"""Observes one function: accepted images, results, and the relation of a volume to its slices."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from msgspec import structs

from voxbind_build.libraries import import_dotted
from voxbind_build.memories.interface import Memory
from voxbind_build.memories.lookup import memory
from voxbind_build.model import Observation, ProbeTask, ReachTrials
from voxbind_build.probe.array_forms import in_form
from voxbind_build.probe.inputs.roles import image_parameters, main_parameter, table
from voxbind_build.probe.invoke import Answer, describe_result, is_exhausted, tell_error
from voxbind_build.probe.protocol import arrangements as searching
from voxbind_build.probe.protocol.axis_arguments import axis_arguments
from voxbind_build.probe.protocol.bench import Arrangement, Bench
from voxbind_build.probe.protocol.dtype_calls import observe_dtypes
from voxbind_build.probe.protocol.helper_run import observe_helper
from voxbind_build.probe.protocol.masks import masks
from voxbind_build.probe.protocol.options import option_effects
from voxbind_build.probe.protocol.randomness import is_random, keeps_state, seeds
from voxbind_build.probe.protocol.reach import measure_reach
from voxbind_build.probe.protocol.relations import main_array, tells
from voxbind_build.probe.protocol.result_dtypes import dtype_follows, ignored_outputs
from voxbind_build.probe.protocol.slice_comparison import relate, slices_with_one
from voxbind_build.probe.protocol.values import measure_values
from voxbind_build.probe.protocol.variants import also_accepts, lists

_Observed = tuple[Observation, list[Arrangement]]
"""An observation, and the arrangements that the function accepts, the main one first."""
_BUDGET = 60.0  # seconds of processor time for one search, far more than any function needs
Through = Callable[[Callable[..., Any], Memory], Callable[..., Any]]


def observe(
    task: ProbeTask,
    before_call: Callable[[int], None] = lambda number: None,
    through: Through | None = None,
) -> Observation:
    """Observe one callable.

    Parameters
    ----------
    task : ProbeTask
        The callable's description, and the entries for its parameters in the library's TOML file.
    before_call : callable
        Called with the number of each call before it is made, so that the last call of a process
        that crashes is known.
    through : callable
        Takes the function and its memory, and returns the callable that is called instead. The
        values of results aren't measured then.

    Returns
    -------
    Observation
        Everything observed, unless the function ends the process. If there is nothing, `failure`
        says why. Equal tasks give equal observations.
    """
    description = task.description
    unseen = blank(task)
    roles = unseen.roles
    try:
        space = memory(task.memory_type)
        function = load(description.module, description.attribute)
        function = in_form(function, task, roles)
        if through is not None:
            function = through(function, space)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failed(unseen, f"can't be imported: {tell_error(error)}", is_exhausted(error))
    main = unseen.image or None
    bench = Bench(
        function,
        description,
        roles,
        main,
        _deadline(space),
        space,
        asked=task.asked,
        trial_values=task.values,
        only=task.allowed_dtypes,
        fatal=task.fatal,
        has_channels=bool({*task.axes} & {*"CS"}),
        before_call=before_call,
    )
    if main is None:
        observation, accepted = observe_helper(bench, unseen, task.words)
    else:
        observation, accepted = _observe_images(bench, unseen, main, task.words)
    if not accepted or through is not None:
        return observation
    bench.part, bench.deadline = "values", _deadline(space, 2)
    values = measure_values(bench, accepted, task.words, observation.crashes)
    reach = None if observation.random else _reach(bench, accepted, observation, task)
    inconclusive = dict(sorted(bench.inconclusive.items()))
    return structs.replace(observation, values=values, reach=reach, inconclusive=inconclusive)


def _reach(
    bench: Bench,
    accepted: list[Arrangement],
    observation: Observation,
    task: ProbeTask,
) -> ReachTrials | None:
    """Measure how far elements of the result look, if the function takes images."""
    image = next((taken for taken in accepted if taken.ndim == 2), None)
    if bench.main is None or bench.sparing or image is None or task.memory_type == "cupy":
        return None
    if bench.description.attribute in table().slow:
        return ReachTrials(failure="it is too slow for the thousand calls that this takes")
    bench.part, bench.deadline = "reach", _deadline(bench.memory)
    of_colours = replace(image, ndim=3) if image.channels else None
    volume = next((taken for taken in accepted if taken.ndim == 3), of_colours)
    return measure_reach(bench, image, volume, [*observation.dtypes], task.words)


def _deadline(memory: Memory, searches: int = 1) -> float:
    return time.process_time() + searches * memory.patience * _BUDGET


def blank(task: ProbeTask) -> Observation:
    """Return the observation before any call, with the roles of the parameters only."""
    description = task.description
    roles = image_parameters(description, task.roles)
    return Observation(
        definition=description.definition,
        fingerprint=description.fingerprint,
        roles=dict(sorted(roles.items())),
        image=main_parameter(description, roles) or "",
        allowed_dtypes=task.allowed_dtypes,
    )


def load(module: str, attribute: str) -> Callable[..., Any]:
    """Import a function."""
    found: Any = import_dotted(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{module}.{attribute} is not callable")
    result: Callable[..., Any] = found
    return result


def failed(unseen: Observation, failure: str, inconclusive: bool) -> Observation:
    """Return the observation of a callable that couldn't be called.

    Parameters
    ----------
    unseen
        The observation before any call, which is kept.
    failure
        Why the callable couldn't be called.
    inconclusive
        Whether another attempt might succeed.
    """
    return structs.replace(
        unseen, failure=failure, inconclusive={"process": failure} if inconclusive else {}
    )


def _observe_images(
    bench: Bench, unseen: Observation, main: str, words: dict[str, tuple[str, ...]]
) -> _Observed:
    """Call with images, then with volumes, then with colours, and compare the results."""
    order = searching.contents(bench.description, main, bench.roles[main])
    image, colours_alone = _find_image(bench, order, main)
    if "image" in bench.inconclusive:
        return _left_open(bench, unseen), []
    volume = None if colours_alone else _find_volume(bench, order, image)
    if "volume" in bench.inconclusive:
        return _left_open(bench, unseen), []
    bench.deadline = _deadline(bench.memory)
    relations: dict[str, bool] = {}
    colour = _observe_colours(bench, order, image, volume, relations)

    base = image or volume or colour
    if base is None:
        return _observe_rows(bench, unseen, order), []
    if image and volume and not tells(image[1].value):
        base = volume  # the result for an image is constant: the spread along Z, say
    # Early, since a dtype may crash the process, and then all calls up to here are repeated.
    bench.part = "dtypes"
    dtypes = observe_dtypes(bench, order, base[0])
    accepted = [*dict.fromkeys(found[0] for found in (base, image, volume, colour) if found)]
    bench.part, bench.deadline = "masks", _deadline(bench.memory)
    honoured = masks(bench, accepted, [dtype for dtype in dtypes if dtypes[dtype].returned])
    bench.part = "relations"
    _compare_sizes(bench, image, volume, relations)
    bench.part, bench.deadline = "random", _deadline(bench.memory)
    random = is_random(bench, base[0])
    on_seeds = seeds(bench, base[0]) if random else ()
    has_state = not random and keeps_state(bench, base[0])
    bench.part, bench.deadline = "slices", _deadline(bench.memory)
    beside_one = volume is not None and slices_with_one(bench, volume[0])
    of_axes = axis_arguments(bench, image[0], volume and volume[0], words) if image else {}
    bench.part = "options"
    options = _beyond_defaults(bench, base, words)
    observation = structs.replace(
        unseen,
        calls=tuple(bench.calls),
        relations=dict(sorted(relations.items())),
        mutates=tuple(sorted(bench.mutated)),
        masks=honoured,
        random=random,
        seeds=on_seeds,
        keeps_state=has_state,
        axis_arguments=of_axes,
        slices_with_one=beside_one,
        inconclusive=dict(sorted(bench.inconclusive.items())),
        **_by_dtype(dtypes),
        **options,
    )
    return observation, accepted


def _observe_rows(
    bench: Bench, unseen: Observation, order: tuple[searching.Content, ...]
) -> Observation:
    """Call a function that refuses images with rows of numbers, which a 1-D filter takes."""
    bench.deadline = _deadline(bench.memory)
    contents = [each for each in order if each[0] in ("grey", "labels", "mask")]
    calls = [*bench.calls]
    row = searching.settle(bench, "colours", searching.image_attempts(bench, tuple(contents), 1))
    if row is None:
        bench.calls = calls
        return structs.replace(_left_open(bench, unseen), failure="no call was taken")
    bench.inconclusive.clear()
    return structs.replace(_left_open(bench, unseen), relations={"rows_alone": True})


def _find_image(
    bench: Bench, order: tuple[searching.Content, ...], main: str
) -> tuple[searching.Found | None, bool]:
    """Return an accepted image, if any, and whether only images with channels can be accepted."""
    if bench.roles[main] == "colour image":
        return None, True
    image = searching.settle(bench, "image", searching.image_attempts(bench, order, 2))
    if image and _reads_channels(image):
        # The function read the image as one row of colours, so it didn't accept it as an image.
        bench.calls = [call for call in bench.calls if call.outcome != "returned"]
        return None, True
    return image, False


def _find_volume(
    bench: Bench, order: tuple[searching.Content, ...], image: searching.Found | None
) -> searching.Found | None:
    """Return an accepted volume, if any."""
    if image is None:
        bench.deadline = _deadline(bench.memory)
        return searching.settle(bench, "volume", searching.image_attempts(bench, order, 3))
    volume = searching.settle(bench, "volume", searching.volume_attempts(bench, order, image[0]))
    # A volume that is accepted with arguments for an image doesn't resolve inconclusive calls.
    return volume or searching.find(bench, searching.flat_attempts(bench, order, image[0]))


def _compare_sizes(
    bench: Bench,
    image: searching.Found | None,
    volume: searching.Found | None,
    relations: dict[str, bool],
) -> None:
    """Call with images and volumes of two sizes; relations must hold for both sizes of volumes."""
    for taken in filter(None, (image, volume)):
        for arrangement in _measured(taken):
            bench.attempt(arrangement)
    if volume:
        for arrangement in _measured(volume)[: 1 if bench.sparing else None]:
            for name, held in relate(bench, arrangement, image[0] if image else None).items():
                relations[name] = relations.get(name, True) and held


def _by_dtype(answers: dict[str, Answer]) -> dict[str, Any]:
    """Return the fields of an observation with the outcome for each input dtype."""
    refused = {
        dtype: answer
        for dtype, answer in answers.items()
        if answer.outcome not in ("returned", "inconclusive")
    }
    return {
        "dtypes": {
            dtype: describe_result(answer.value)
            for dtype, answer in answers.items()
            if answer.returned
        },
        "refused": {dtype: answer.error for dtype, answer in refused.items()},
        "crashes": tuple(sorted(d for d, answer in refused.items() if answer.outcome == "crashed")),
        "warned": {d: answer.warnings for d, answer in answers.items() if answer.warnings},
    }


def _left_open(bench: Bench, unseen: Observation) -> Observation:
    """Return the observation so far; without a contract, more calls would be of no use."""
    return structs.replace(unseen, calls=tuple(bench.calls), inconclusive=bench.inconclusive)


def _beyond_defaults(
    bench: Bench, known: searching.Found, words: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Try other values of options, and arguments that aren't documented."""
    bench.deadline = _deadline(bench.memory)
    found: dict[str, Any] = {"option_effects": option_effects(bench, *known)}
    if not bench.sparing:
        bench.deadline = _deadline(bench.memory, 2)
        found |= {
            "lists": lists(bench, known[0]),
            "also_accepts": also_accepts(bench, known[0], words),
            "ignored_outputs": ignored_outputs(bench, known[0]),
            "dtype_follows": dtype_follows(bench, known[0]),
        }
    return found


def _reads_channels(image: searching.Found) -> bool:
    """Return whether the result lacks the image's last axis, which was then read as channels."""
    result = main_array(image[1].value)
    arrangement = image[0]
    return (
        not arrangement.named_channels
        and result is not None
        and result.shape == arrangement.shape[:-1]
    )


def _measured(found: searching.Found) -> list[Arrangement]:
    """Return the arrangement in two sizes."""
    arrangement = found[0]
    return [
        replace(arrangement, size=size) for size in (arrangement.size, f"{arrangement.size} second")
    ]


def _observe_colours(
    bench: Bench,
    order: tuple[searching.Content, ...],
    image: searching.Found | None,
    volume: searching.Found | None,
    relations: dict[str, bool],
) -> searching.Found | None:
    """Call with colour images, with and without naming the channel axis."""
    found = None
    if not bench.memory.colours and (image or volume or not bench.has_channels):
        return None
    bench.part = "colours"

    def note(relation: str, arrangement: Arrangement) -> None:
        answer = bench.attempt(arrangement)
        if answer.outcome != "inconclusive":
            relations[relation] = answer.returned

    if image:
        known = replace(image[0], channels=3)
        note("takes_trailing_colours", replace(known, named_channels=False))
        channel = next((p for p, role in bench.roles.items() if role == "channels"), None)
        if channel:
            found = searching.find(
                bench, (replace(known, size=size) for size in (known.size, "plain", "roomy"))
            )
            if found or "colours" not in bench.inconclusive:
                relations["takes_channel_axis"] = found is not None
            if found:
                note("takes_channel_axis_of_volume", replace(found[0], ndim=3))
        return found
    for channels in (3, 4):
        if volume:
            break
        found = searching.find(bench, searching.image_attempts(bench, order, 2, channels))
        if found:
            note("takes_colour_volume", replace(found[0], ndim=3))
            for arrangement in _measured(found):
                bench.attempt(arrangement)
            break
    return found
