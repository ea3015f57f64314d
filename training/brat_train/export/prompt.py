"""The prompt of the report writer, the same in training and in the manifest."""

#: `{views}` is where the reserved tokens go. The report follows after a space of its own.
PROMPT = "<|begin|>{views}\nReport:"
