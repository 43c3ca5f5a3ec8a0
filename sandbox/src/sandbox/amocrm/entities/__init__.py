"""The records of one account and everything done to them."""

from sandbox.amocrm.entities.entities import Entities

__all__ = ["Entities"]
