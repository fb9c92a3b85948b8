"""Read replicas: streaming standbys of a cell, read from where nothing is decided.

`replica.py`: one of them, and whether it may be read from; `watching.py` finds that out; `sight.py`: where one request reads, and that it costs
none that a replica is away; `reading.py`: read models and the log, read that way. Which requests those are: interfaces/http/base/reading/read_places.py.
"""

from infra.replicas.reading import SightReader, SightReads
from infra.replicas.replica import Replica
from infra.replicas.sight import Sight
from infra.replicas.watching import Replicas

__all__ = ["Replica", "Replicas", "Sight", "SightReader", "SightReads"]
