"""Puts the real parts together, once for every process.

`parts.py`: what is there, by name; `composing.py`: how it is made, and in which order it closes; `cells.py`: those of several databases.
"""

from interfaces.bootstrap.composing import services as services
from interfaces.bootstrap.parts import Cells as Cells
from interfaces.bootstrap.parts import Services as Services
from interfaces.bootstrap.parts import utc_now as utc_now
