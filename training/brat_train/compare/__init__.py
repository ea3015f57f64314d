"""The small Table 2: brat and the methods it is compared with, trained alike on phantoms."""
