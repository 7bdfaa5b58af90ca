"""What the service and its rendering process agree on, without loading what either of them needs."""

from __future__ import annotations

READY = b"ready\n"
"""The process's first line: fonts and templates are there, from now on it answers."""
