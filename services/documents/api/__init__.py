"""The HTTP doors of documents. Behind the gateway their addresses begin with `/documents`."""

from services.documents.api import classes, files, mails, papers, reading, rights

ROUTERS = (reading.router, papers.router, files.router, classes.router, rights.router, mails.router)

__all__ = ["ROUTERS"]
