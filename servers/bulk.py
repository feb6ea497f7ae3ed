"""Many at once: the same change for a list of servers, one step each.

The work list is in the database; the page that its author has open drives it, so that the token never leaves the
session. A step is claimed before it is sent and sends at most once: the row of the activity log names it, and no two
rows can. Closing the page pauses the run; opening it again goes on, after an hour (LEFT) only by a press.
"""

import contextlib
import uuid
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from . import actions, fleet, knowledge
from .models import Activity, Run, Step
from .remote.errors import KeyRefused, RemoteError, WaitFirst
from .remote.objects import Server
from .roles import PERMISSION, May, Person
from .session import Connection, connection
from .words import Words, asked_of_many, cannot, told

Action, State = Run.Action, Step.State

AT_A_TIME: Final = 4
MOST: Final = 1000
"""How many servers one run may hold."""
LONGEST_STEP: Final = timedelta(seconds=40)
"""No step takes longer, deadline and database included: one that is still claimed then belongs to a stopped console."""
PAGE_OPEN: Final = timedelta(seconds=15)
"""A run whose page has not asked for a step for so long has no page."""
LEFT: Final = timedelta(hours=1)
"""A run that was not driven for so long was left: it keeps its servers from nobody, and goes on only by a press."""
TOLD: Final = timedelta(days=1)
"""For so long colleagues are told of a run that was left."""

NEEDS: Final[dict[str, str]] = {
    Action.START: PERMISSION[Activity.Action.START],
    Action.STOP: PERMISSION[Activity.Action.STOP],
    Action.REBOOT: PERMISSION[Activity.Action.REBOOT],
    Action.BACKUPS_ON: PERMISSION[Activity.Action.EDIT],
    Action.BACKUPS_OFF: PERMISSION[Activity.Action.EDIT],
    Action.DELETE: PERMISSION[Activity.Action.DELETE],
}
OPEN: Final = (State.WAITING, State.DOING)
RECOVERED: Final[dict[str, str]] = {
    "": State.WAITING,
    Activity.Outcome.ACCEPTED: State.ACCEPTED,
    Activity.Outcome.DONE: State.ACCEPTED,
    Activity.Outcome.REFUSED: State.REFUSED,
}
"""What a claimed step was, by what the log says of it; anything else is not known."""
AGAIN: Final[dict[str, tuple[str, ...]]] = {
    "asked": (State.ACCEPTED, State.UNKNOWN),
    "failed": (State.REFUSED, State.UNKNOWN),
    "left": (State.STOPPED,),
}
"""The servers of a run with which something can be done afterwards: what is counted is what is taken."""


@dataclass(frozen=True)
class Candidate:
    """A server that was chosen; `reason` says why it will be skipped."""

    server: Server
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """A run as its page shows it."""

    run: Run
    steps: list[Step]

    @property
    def asked(self) -> int:
        """How many steps are over, the skipped ones not counted."""
        return sum(step.state in (State.ACCEPTED, State.REFUSED, State.UNKNOWN) for step in self.steps)

    @property
    def total(self) -> int:
        return sum(step.state not in (State.SKIPPED, State.STOPPED) for step in self.steps)

    @property
    def title(self) -> str:
        return asked_of_many(self.run.action, self.total or self.left)

    @property
    def failed(self) -> int:
        return self._count("failed")

    @property
    def left(self) -> int:
        """How many were left as they are, on purpose."""
        return self._count("left")

    @property
    def settled(self) -> bool:
        """Whether nothing of it changes any more: all asked for, and seen done where that can be seen."""
        waiting = (step for step in self.steps if step.state in (State.ACCEPTED, State.UNKNOWN))
        return self.run.state == Run.State.OVER and all(_is_settled(step) for step in waiting)

    @property
    def next(self) -> list[tuple[str, str]]:
        """What can be done with the same servers afterwards: "Start these 7 again"."""
        count = self._count("asked")
        offers = {
            Action.STOP: (
                Action.START,
                ngettext("Start this one again", "Start these %(n)d again", count),
            ),
            Action.START: (Action.STOP, ngettext("Stop this one again", "Stop these %(n)d again", count)),
            Action.REBOOT: (
                Action.REBOOT,
                ngettext("Restart this one again", "Restart these %(n)d again", count),
            ),
        }
        if self.run.action not in offers or not count:
            return []
        action, words = offers[Action(self.run.action)]
        return [(action, words % {"n": count})]

    @property
    def page_closed(self) -> bool:
        return self.run.state == Run.State.RUNNING and abs(timezone.now() - self.run.driven_at) > PAGE_OPEN

    def _count(self, which: str) -> int:
        return sum(step.state in AGAIN[which] for step in self.steps)


# --- before -----------------------------------------------------------------------------------------------------


def candidates(
    request: HttpRequest, action: str, servers: Iterable[Server], left_out: Container[str] = ()
) -> list[Candidate]:
    """The chosen servers, with the reason for each that will be skipped. Raises PermissionDenied.

    The page that was confirmed called those of `left_out` skipped: they are, whatever has become of the reason.
    """
    permit(request.user, action)
    servers = list(servers)
    ids = [str(server.id) for server in servers]
    busy, sheets = _in_other_runs(ids), knowledge.of(ids)
    return [
        Candidate(
            server,
            busy.get(server_id, "")
            or knowledge.why_not(action, server.name, sheets.get(server_id))
            or _why_not(action, server)
            or (gettext("It was left out when this was confirmed.") if server_id in left_out else ""),
        )
        for server_id, server in zip(ids, servers, strict=True)
    ]


def permitted(person: May) -> tuple[tuple[str, Words], ...]:
    """What this person may do to many at once, as choices."""
    return tuple((value, words) for value, words in Action.choices if person.has_perm(NEEDS[value]))


def permit(person: Person, action: str) -> None:
    """Raises PermissionDenied if the person may not do this to any server."""
    if not person.has_perm(NEEDS[action]):
        raise PermissionDenied(NEEDS[action])


def start(
    request: HttpRequest, key: uuid.UUID, action: str, chosen: list[Candidate], *, one_by_one: bool
) -> Run:
    """Write the work list. The key of the form makes it once: a second time gives the same run.

    Raises Http404 where the key is that of somebody else's form.
    """
    run = Run(
        id=key,
        account=connection(request).account,
        user_id=request.user.pk,
        user_name=request.user.get_username(),
        action=action,
        one_by_one=one_by_one,
    )
    steps = [
        Step(
            run=run,
            position=position,
            server_id=str(candidate.server.id),
            server_name=candidate.server.name[:300],
            state=State.SKIPPED if candidate.reason else State.WAITING,
            reason=candidate.reason[:300],
        )
        for position, candidate in enumerate(chosen)
    ]
    try:
        with transaction.atomic():
            run.save(force_insert=True)
            Step.objects.bulk_create(steps)
    except IntegrityError:
        return get_object_or_404(Run, id=key, user_id=request.user.pk)
    return run


# --- meanwhile --------------------------------------------------------------------------------------------------


def progress(run: Run) -> Progress:
    """The run with its steps, and what became of each."""
    steps = list(run.steps.select_related("activity"))
    if any(_is_abandoned(step) for step in steps):
        _recover(run)
        _finish(run)
        run.refresh_from_db()
        steps = list(run.steps.select_related("activity"))
    for step in steps:
        if step.state == State.UNKNOWN and hasattr(step, "activity") and step.activity.seen_at:
            _set(step, State.ACCEPTED)
    return Progress(run, steps)


def unfinished(link: Connection) -> list[Progress]:
    """The runs of this account that colleagues should know of, with how far they have come."""
    lately = Run.objects.filter(account=link.account, driven_at__gt=timezone.now() - TOLD)
    runs = lately.exclude(state=Run.State.OVER)
    return [Progress(run, list(run.steps.all())) for run in runs.prefetch_related("steps")]


def drive(request: HttpRequest, run: Run) -> float:
    """Take the next step of the run, if one may be taken now; the seconds until the page should ask again.

    Raises KeyRefused and NotConnected, with the run paused, and what a look at another account's servers raises.
    """
    link = connection(request)
    _recover(run)
    try:
        # With the key of another account every server would be gone, and a deletion would seem done.
        servers = fleet.look(link).by_id if link.account != run.account else None
        step = _claim(run, link)
        if step is not None and servers is not None and step.server_id not in servers:
            return _not_ours(run, step)
        return _take(request, run, step) if step else 2.0
    except KeyRefused as problem:
        pause(run, told(problem))
        raise
    finally:
        # After each step: somebody may have stopped the rest meanwhile, and then no page asks for another one.
        _finish(run)


def pause(run: Run, reason: str = "") -> None:
    """Take no further step until somebody goes on."""
    Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(state=Run.State.PAUSED, reason=reason[:300])


def pause_if_left(run: Run) -> None:
    """A browser may bring back a page weeks later: what was asked for so long ago waits until somebody says go on."""
    if run.state == Run.State.RUNNING and abs(timezone.now() - run.driven_at) > LEFT:
        pause(run, gettext("Its page was closed for more than an hour, so it does not go on by itself."))
        run.refresh_from_db()


def resume(run: Run) -> None:
    """Go on with the next step."""
    Run.objects.filter(pk=run.pk, state=Run.State.PAUSED).update(
        state=Run.State.RUNNING, reason="", driven_at=timezone.now()
    )


def stop_the_rest(run: Run) -> None:
    """Ask for nothing more; what was sent stays sent."""
    _recover(run)
    run.steps.filter(state=State.WAITING).update(state=State.STOPPED)
    Run.objects.filter(pk=run.pk).update(state=Run.State.PAUSED, reason="")
    _finish(run)


# --- one step ---------------------------------------------------------------------------------------------------


def _take(request: HttpRequest, run: Run, step: Step) -> float:
    """Do a claimed step and write down what came of it; the seconds until the next one. Raises KeyRefused."""
    try:
        _act(request, run.action, step)
    except (PermissionDenied, RemoteError) as problem:
        return _failed(run, step, problem)
    except actions.Protected as protected:
        _set(step, State.SKIPPED, str(protected))
        return 0.0
    except actions.Busy:
        _set(step, State.WAITING)
        return 2.0
    except IntegrityError:
        # Somebody else has sent this step already.
        return 0.0
    _set(step, State.ACCEPTED)
    return 2.0 if run.one_by_one else 0.0


def _act(request: HttpRequest, action: str, step: Step) -> None:
    match action:
        case Action.DELETE:
            actions.delete(request, step.server_id, step=step)
        case Action.BACKUPS_ON | Action.BACKUPS_OFF:
            actions.switch_backups(request, step.server_id, action == Action.BACKUPS_ON, step=step)
        case _:
            actions.power(request, action, step.server_id, step=step)


def _not_ours(run: Run, step: Step) -> float:
    """Nothing is sent for a server that the account of today's key does not have. Another key of the same account is
    as good as the one with which the run was begun."""
    reason = gettext(
        "%(name)s is not in the account of your key. Connect the key with which this run was begun, then go on."
    ) % {"name": step.server_name}
    pause(run, reason)
    _set(step, State.REFUSED, reason)
    return 2.0


def _claim(run: Run, link: Connection) -> Step | None:
    """The next waiting step, claimed for this request alone; None if none may be taken now."""
    last = _last_taken(run) if run.one_by_one else None
    if last is not None and not _seen_done(last, link):
        Run.objects.filter(pk=run.pk).update(driven_at=timezone.now())
        return None
    with transaction.atomic():
        current = Run.objects.select_for_update().get(pk=run.pk)
        current.driven_at = timezone.now()
        current.save(update_fields=["driven_at"])
        doing = run.steps.filter(state=State.DOING).count()
        if current.state != Run.State.RUNNING or doing >= (1 if run.one_by_one else AT_A_TIME):
            return None
        # While this hand looked at the last one, which may take a call, another may have taken a step to its end.
        if run.one_by_one and _last_taken(run) != last:
            return None
        step = run.steps.filter(state=State.WAITING).first()
        if step is not None:
            step.claimed_at = timezone.now()
            _set(step, State.DOING)
        return step


def _last_taken(run: Run) -> Step | None:
    return run.steps.exclude(state__in=(State.WAITING, State.SKIPPED)).select_related("activity").last()


def _seen_done(last: Step, link: Connection) -> bool:
    """One by one: whether the last server is seen to be as asked. A failure has halted the run (`_halt`), so where it
    runs, somebody has said go on."""
    # A row of the log that is missing was so old that it was forgotten.
    if last.state != State.ACCEPTED or not hasattr(last, "activity"):
        return last.state != State.DOING
    if last.activity.outcome == Activity.Outcome.ACCEPTED:
        with contextlib.suppress(*fleet.NO_ANSWER):
            fleet.tick(link)
        last.activity.refresh_from_db()
    return last.activity.outcome == Activity.Outcome.DONE


def _failed(run: Run, step: Step, problem: PermissionDenied | RemoteError) -> float:
    """Write what went wrong with a step; what would go wrong with every step pauses the run."""
    if isinstance(problem, PermissionDenied):
        pause(run, gettext("Your role no longer allows this."))
        _set(step, State.REFUSED, gettext("Your role no longer allows this."))
        return 2.0
    if isinstance(problem, WaitFirst):
        # Nothing was changed, so the step may be sent again: its row of the log is let go.
        Activity.objects.filter(step=step).update(step=None)
        _set(step, State.WAITING)
        return float(problem.seconds)
    # Paused before it is written: one by one, another hand would take the next step in between.
    if isinstance(problem, (KeyRefused, *fleet.NO_ANSWER)):
        pause(run, told(problem))
    _halt(run, step)
    _set(step, State.REFUSED if problem.outcome_known else State.UNKNOWN, told(problem))
    if isinstance(problem, KeyRefused):
        raise problem
    return 0.0


def _halt(run: Run, step: Step) -> None:
    """One by one, a failure halts the run."""
    if run.one_by_one:
        pause(run, gettext("%(name)s did not work, so the run halted.") % {"name": step.server_name})


def _is_abandoned(step: Step) -> bool:
    """Claimed by a console that was stopped meanwhile. One that was claimed far ahead, by a clock that was set back,
    counts too: should its process live, the log lets only one of the two send it."""
    since = step.claimed_at
    return step.state == State.DOING and since is not None and abs(timezone.now() - since) > LONGEST_STEP


def _recover(run: Run) -> None:
    """Steps that a stopped console has left claimed: sent or not, the log knows."""
    for step in run.steps.filter(state=State.DOING).select_related("activity"):
        if _is_abandoned(step):
            outcome = step.activity.outcome if hasattr(step, "activity") else ""
            state = RECOVERED.get(outcome, State.UNKNOWN)
            if state in (State.REFUSED, State.UNKNOWN):
                _halt(run, step)
            # Somebody else may have done the same meanwhile, and claimed it again.
            run.steps.filter(pk=step.pk, state=State.DOING, claimed_at=step.claimed_at).update(state=state)


def _is_settled(step: Step) -> bool:
    if not hasattr(step, "activity"):
        return True
    is_old = timezone.now() - step.activity.asked_at > LONGEST_STEP * 10
    return step.activity.outcome in (Activity.Outcome.DONE, Activity.Outcome.REFUSED) or is_old


def _finish(run: Run) -> None:
    if not run.steps.filter(state__in=OPEN).exists():
        Run.objects.filter(pk=run.pk).update(state=Run.State.OVER)


def _set(step: Step, state: str, reason: str = "") -> None:
    step.state, step.reason = state, reason[:300]
    step.save(update_fields=["state", "reason", "claimed_at"])


def _why_not(action: str, server: Server) -> str:
    if action in (Action.START, Action.STOP, Action.REBOOT):
        return cannot(action, server.status, server.name)
    return ""


def _in_other_runs(server_ids: list[str]) -> dict[str, str]:
    now = timezone.now()
    steps = Step.objects.filter(
        server_id__in=server_ids, state__in=OPEN, run__driven_at__range=(now - LEFT, now + LEFT)
    ).select_related("run")
    sentence = gettext("Already in a work list of %(name)s.")
    return {step.server_id: sentence % {"name": step.run.user_name} for step in steps}
