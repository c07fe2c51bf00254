"""A typed client of the management API, for programs, fixtures and the command line. Synchronous, light to import."""

from .control import Client
from .device import DeviceHandle, Secrets
from .ledger import Judgement, Ledger
from .rest import RestAnswer, RestClient
from .wire import ApiError

__all__ = ["ApiError", "Client", "DeviceHandle", "Judgement", "Ledger", "RestAnswer", "RestClient", "Secrets"]
