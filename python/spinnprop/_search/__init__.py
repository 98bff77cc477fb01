"""The search for parameters: what is drawn, what is judged, what was found."""
