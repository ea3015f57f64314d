"""Several processes train one model: one on each GPU, on one machine or many, started by `torchrun`."""
