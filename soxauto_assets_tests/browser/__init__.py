"""The web interface as a person sees it, in a real browser (make test-browser)."""
