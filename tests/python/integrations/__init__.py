"""The framework helpers, in process and under real servers."""
