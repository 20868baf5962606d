"""Figures, printed as JSON by ``python -m benchmarks``. Timings never decide a test."""
