"""What breaks things from outside: links between processes that can be bent and cut."""
