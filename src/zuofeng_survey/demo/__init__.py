"""The fictional county that shows everything."""
