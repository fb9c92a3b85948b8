"""The schema on a Citus: PostgreSQL whose tables lie on several servers, here by tenant. docs/citus.md tells what differs.

Begin at `distributing.py`; statements that have to differ are functions of the database, in `infra/schema/citus/`, under the names that they
have elsewhere. Nothing here runs where the server is a PostgreSQL alone.
"""
