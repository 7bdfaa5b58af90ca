"""From a front office's words to our events, and from events to timelines."""
