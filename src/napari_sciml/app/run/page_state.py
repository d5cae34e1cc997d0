"""The state of the page Run, from what is asked for, what is under way and what is on screen."""

from __future__ import annotations

from napari_sciml.app.base.backend_choices import use_text
from napari_sciml.app.base.run_state import RunState
from napari_sciml.app.base.runtime_text import runtime_choices, runtime_use_text
from napari_sciml.app.base.text import result_line
from napari_sciml.app.canvas.on_screen import OnScreen
from napari_sciml.app.run.measuring import Measuring
from napari_sciml.app.run.run_requests import RunRequests
from napari_sciml.app.run.running import Running
from napari_sciml.app.run.saver import Saver
from napari_sciml.app.run.text import next_step
from napari_sciml.core.settings import RunSettings
from napari_sciml.techniques.registry import window_of


def page_state(
    requests: RunRequests,
    running: Running,
    measuring: Measuring,
    screen: OnScreen,
    saver: Saver,
    error: str,
    note: str,
) -> RunState:
    """Collect everything that the page shows. Reads no pixels."""
    request, plan = requests.request, requests.resolve()
    technique = plan.technique.name
    live, result, own = plan.live(), screen.result, screen.of(technique)
    backend = request.backend_options.get("backend", RunSettings.model_fields["backend"].default)
    texts = (
        use_text(plan.model, request.backend_options),
        runtime_use_text(plan.model, request.backend_options),
    )
    return RunState(
        images=requests.image.images,
        image=requests.image.image,
        facts=plan.facts,
        techniques=plan.offered,
        technique=technique,
        models=plan.technique.models,
        model=plan.model,
        values=dict(request.values.get(technique, {})),
        backend_options=dict(request.backend_options),
        runtimes=runtime_choices(backend) if plan.model else (),
        use_text="\n".join(filter(None, texts)),
        measuring=measuring.jobs.is_busy,
        threshold=request.threshold,
        live=live,
        threshold_live=screen.is_live(own),
        caution=window_of(technique).caution_text(plan.model, request.threshold, live),
        labels=requests.image.labels,
        findings=None if own is None else own.findings,
        frame=screen.frame(own),
        plan=plan.plan,
        blocked=running.jobs.blocked or plan.blocked,
        going=running.jobs.going,
        result="" if result is None else result_line(result.findings, result.edits),
        # What to do next with the result of another technique stands on pages that are not there.
        next_step=""
        if result is None or own is None
        else next_step(result.findings, result.edits, screen.is_there),
        error=error,
        note=note,
        can_save=result is not None,
        saving=saver.jobs.is_busy,
    )
