"""From facts to paper: templates, a process that typesets them, and files named by their content."""
