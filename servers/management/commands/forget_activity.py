"""Deletes old rows of the activity log."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from servers.models import Activity, Run

BATCH = 1000


class Command(BaseCommand):
    help = "Deletes rows of the activity log, and finished bulk runs, that are older than so many days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("days", type=int, help="what is older than this is deleted; 30 or more")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        """In batches, so that the console goes on writing meanwhile. What a run that is not over has sent is kept, or
        it would send it again."""
        if days < 30:
            raise CommandError(
                "Keep at least 30 days: the usual times and the last person come from the log."
            )
        before = timezone.now() - timedelta(days=days)
        unfinished = (Run.State.RUNNING, Run.State.PAUSED)
        old = Activity.objects.filter(asked_at__lt=before).exclude(step__run__state__in=unfinished).order_by()
        deleted = 0
        while ids := list(old.values_list("pk", flat=True)[:BATCH]):
            deleted += Activity.objects.filter(pk__in=ids).delete()[0]
        Run.objects.filter(asked_at__lt=before, state=Run.State.OVER).delete()
        self.stdout.write(f"{deleted} rows deleted.")
