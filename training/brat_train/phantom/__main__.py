"""`python -m brat_train.phantom` writes phantom studies; the work is in studies.py, where worker processes can import it."""

from brat_train.phantom.studies import main

if __name__ == "__main__":
    main()
