"""The same servers in a table, for Django's admin to list."""

from django.db import models


class Row(models.Model):
    """What the console's list shows of a server."""

    name = models.CharField(max_length=100)
    status = models.CharField(max_length=20)
    hostname = models.CharField(max_length=100)
    ip_address = models.CharField(max_length=45)
    location = models.CharField(max_length=40)
    system = models.CharField(max_length=100)
    size = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name
