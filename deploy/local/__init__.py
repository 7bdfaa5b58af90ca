"""The local stack: PostgreSQL, Kafka and the services as plain processes of this machine.

Needs neither Docker nor Java nor an installed PostgreSQL. All state lives in one folder of the checkout (`.run/`),
and a keeper process ends everything when its starter is gone, even after `kill -9`.
"""
