"""The framework helpers, in this process and under real servers."""
