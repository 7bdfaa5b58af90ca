"""Imported before all else by each service's `__main__`: what makes a start short.

A start is two thousand modules' worth of objects, none of which is ever garbage, and the collector would walk through
them again and again while they come (a sixth of the time of a start). `Service` turns it on again once all is there.
"""

import gc
import os

gc.disable()
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them reads every installed package's papers
