"""Published settings, our numbers beside the published ones."""
