"""The HTTP doors of documents. Behind the gateway their addresses begin with `/documents`."""

from services.documents.api import papers, reading, rights

ROUTERS = (reading.router, papers.router, rights.router)

__all__ = ["ROUTERS"]
