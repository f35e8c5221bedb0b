"""Reports of errors by visitors, and the public log of what was corrected."""
