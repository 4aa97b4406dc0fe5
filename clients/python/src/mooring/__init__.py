"""The client of Mooring's API."""

from mooring import webhooks
from mooring._call import CsvPage
from mooring._client import AsyncMooring, Mooring
from mooring._generated import models
from mooring._generated.facts import VERSION as __version__
from mooring._problems import MooringError, MooringProblem, MooringUnreachable

__all__ = [
    "AsyncMooring",
    "CsvPage",
    "Mooring",
    "MooringError",
    "MooringProblem",
    "MooringUnreachable",
    "__version__",
    "models",
    "webhooks",
]
