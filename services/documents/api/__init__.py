"""The HTTP doors of documents. Behind the gateway their addresses begin with `/documents`."""

from services.documents.api import classes, files, papers, reading, rights

ROUTERS = (reading.router, papers.router, files.router, classes.router, rights.router)

__all__ = ["ROUTERS"]
