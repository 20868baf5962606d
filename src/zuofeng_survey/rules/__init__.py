"""The plan's rules over years: findings with their evidence, never a decision."""

from .settings import Constant, Settings, settings

__all__ = ["Constant", "Settings", "settings"]
