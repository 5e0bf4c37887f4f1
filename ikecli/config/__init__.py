"""The configuration: drafts that lines fill in, the reader of those lines, and what a draft means."""

from ikecli.config.check import dialect_of
from ikecli.config.complaints import Complaint
from ikecli.config.reader import ConfigReader, Outcome
from ikecli.config.store import Store

__all__ = ["Complaint", "ConfigReader", "Outcome", "Store", "dialect_of"]
