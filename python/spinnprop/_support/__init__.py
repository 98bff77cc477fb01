"""The ground floor: what needs numpy and the core alone, and nothing else of the package."""
