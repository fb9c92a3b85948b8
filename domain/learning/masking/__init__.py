"""Masking: personal data in texts that models learn from is taken out, and counted.

Begin in `mask.py`. `figures.py`: mail, phones, numbers; `addresses.py`; `names.py`: those that are told, those of a greeting or a signature.
"""

from domain.learning.masking.mask import VERSION as VERSION
from domain.learning.masking.mask import Mask as Mask
