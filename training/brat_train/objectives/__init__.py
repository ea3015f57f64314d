"""The losses of the paper (equations 1 to 9) and of the methods it is compared with."""
