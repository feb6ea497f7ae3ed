"""A server as each of the nine requests shows it: the fields of the documented example, no others."""

from datetime import datetime
from typing import Any

from .world import SimulatedServer


def listed(server: SimulatedServer) -> dict[str, Any]:
    """An entry of "List all servers": without usage, backups, IPv6 address and the plan's bandwidth."""
    plan = server.plan
    return {
        "id": server.id,
        "name": server.name,
        "hostname": server.hostname,
        "status": server.status,
        "ip_address": _address(server, server.ip_address),
        "location": server.location,
        "plan": {
            "id": plan.id,
            "name": plan.name,
            "vcpus": plan.vcpus,
            "memory": plan.memory,
            "storage": plan.storage,
        },
        "os": {"id": server.os.id, "name": server.os.name},
        "created_at": _date(server.created_at),
        "updated_at": _date(server.updated_at),
    }


def created(server: SimulatedServer) -> dict[str, Any]:
    """The answer to "Create a new server"."""
    return {
        **listed(server),
        "backups_enabled": server.backups_enabled,
        "message": "Server is being provisioned. This may take 2-5 minutes.",
    }


def detailed(server: SimulatedServer, elapsed: float) -> dict[str, Any]:
    """The answer to "Get server details" at a simulated second; replace and change answer the same."""
    entry = listed(server)
    usage = server.usage(elapsed)
    return {
        **entry,
        "ipv6_address": _address(server, server.ipv6_address),
        "plan": {**entry["plan"], "bandwidth": server.plan.bandwidth},
        "backups_enabled": server.backups_enabled,
        "resource_usage": {
            "cpu_percent": round(usage.cpu_percent, 1),
            "memory_used": usage.memory_used,
            "disk_used": int(usage.disk_used),
            "bandwidth_used": int(usage.bandwidth_used),
        },
    }


def powered(server: SimulatedServer) -> dict[str, Any]:
    """The answer to start, stop and reboot: three fields of the server only."""
    return {
        "status": "success",
        "message": f"Server is {server.status}",
        "server": {"id": server.id, "name": server.name, "status": server.status},
    }


def _address(server: SimulatedServer, address: str | None) -> str | None:
    return None if server.status == "provisioning" else address


def _date(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%SZ")
