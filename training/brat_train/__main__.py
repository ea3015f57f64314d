"""``python -m brat_train`` is the ``brat-train`` command."""

from brat_train.cli import main

if __name__ == "__main__":
    main()
