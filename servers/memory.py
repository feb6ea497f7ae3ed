"""The tables of what the console remembers of the servers that it has seen; `sightings` writes and reads them.

By the server's id alone, like a team's notes: members with keys of their own look at the same servers, and what one of
them has seen is true for all. A page shows it only for servers that its key lists.
"""

from django.db import models


class Sighting(models.Model):
    """What is remembered of a server: its status and since when, and what its details last told."""

    server_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=300)
    since = models.DateTimeField()
    """When this console first saw it in this status."""
    backups_enabled = models.BooleanField(null=True)
    disk_used = models.FloatField(null=True)
    disk_size = models.FloatField(null=True)
    """Both in GB, as VPS.org gives them."""
    disk_seen_at = models.DateTimeField(null=True)
    sampled_at = models.DateTimeField(null=True)
    """When the last sample was kept."""

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.server_id}: {self.status} since {self.since:%Y-%m-%d %H:%M}"


class Sample(models.Model):
    """What a server used at one time. A figure that VPS.org did not give, or that is none, is null."""

    server_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    hourly = models.BooleanField()
    """The first one of its hour, which stays when the others go."""
    cpu_percent = models.FloatField(null=True)
    memory_used = models.FloatField(null=True)
    disk_used = models.FloatField(null=True)
    bandwidth_used = models.FloatField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("at",)
        indexes = (
            models.Index(fields=["server_id", "at"]),
            models.Index(fields=["at"], condition=models.Q(hourly=False), name="samples_of_a_day"),
            models.Index(fields=["at"], condition=models.Q(hourly=True), name="samples_of_a_month"),
        )

    def __str__(self) -> str:
        return f"{self.server_id} at {self.at:%Y-%m-%d %H:%M}"
