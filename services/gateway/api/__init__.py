"""The HTTP door: one module per surface. Hot and streaming doors are plain Starlette routes inside the FastAPI app."""
