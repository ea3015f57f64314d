"""Training sets on disk, the reports that go with the images, and what is varied about an image while training."""
