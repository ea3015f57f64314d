"""What a pack was made for: measurements of its training inputs, by which the app tells an input of another kind."""
