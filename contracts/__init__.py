"""The published language of the back office: envelope, events, topics, money.

Imports pydantic and the standard library only, so that anybody can install it on its own and read our stream.
"""
